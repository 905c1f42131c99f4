/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KGD_LINUX_BALLOON_H
#define _KGD_LINUX_BALLOON_H

/*
 * v7.0: the header has this name, and the kernel does what each driver had to do when a
 * page has been migrated: -ENOENT from the driver says that the old page has left the
 * balloon and that the new one is not in it.
 */
#include <kgd/config.h>

#ifdef KGD_HAVE_BALLOON_H
#include_next <linux/balloon.h>
#else

#include <linux/balloon_compaction.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

struct kgd_balloon_dev_info {
	union {
		struct balloon_dev_info old;
		unsigned long isolated_pages;
	};
	int (*migratepage)(struct kgd_balloon_dev_info *info, struct page *newpage,
			   struct page *page, enum migrate_mode mode);
};

static_assert(offsetof(struct balloon_dev_info, isolated_pages) == 0);

static inline int kgd_balloon_migratepage(struct balloon_dev_info *old, struct page *newpage,
					  struct page *page, enum migrate_mode mode)
{
	struct kgd_balloon_dev_info *info = container_of(old, struct kgd_balloon_dev_info, old);
	int err = info->migratepage(info, newpage, page, mode);
	unsigned long flags;

	if (err && err != -ENOENT)
		return err;

	spin_lock_irqsave(&old->pages_lock, flags);
	if (!err) {
		get_page(newpage);
		balloon_page_insert(old, newpage);
	}
	old->isolated_pages--;
	balloon_page_finalize(page);
	spin_unlock_irqrestore(&old->pages_lock, flags);
	count_vm_event(err ? BALLOON_DEFLATE : BALLOON_MIGRATE);
	put_page(page);
	return 0;
}

#if defined(CONFIG_BALLOON_COMPACTION) && defined(KGD_HAVE_BALLOON_INODE)
/*
 * There a page in the balloon has a mapping, of which nothing is looked at but the
 * operations; who the page belongs to, they find by the page. No file system is
 * needed for that.
 */
static inline void kgd_balloon_set_inode(struct balloon_dev_info *info)
{
	static struct address_space mapping = { .a_ops = &balloon_aops };
	static struct inode inode = { .i_mapping = &mapping };

	info->inode = &inode;
}
#else
static inline void kgd_balloon_set_inode(struct balloon_dev_info *info)
{
}
#endif

static inline void kgd_balloon_devinfo_init(struct kgd_balloon_dev_info *info)
{
	balloon_devinfo_init(&info->old);
	kgd_balloon_set_inode(&info->old);
	info->migratepage = NULL;
#ifdef CONFIG_BALLOON_COMPACTION
	info->old.migratepage = kgd_balloon_migratepage;
#endif
}

static inline size_t kgd_balloon_page_list_enqueue(struct kgd_balloon_dev_info *info,
						   struct list_head *pages)
{
	return balloon_page_list_enqueue(&info->old, pages);
}

static inline size_t kgd_balloon_page_list_dequeue(struct kgd_balloon_dev_info *info,
						   struct list_head *pages, size_t nr)
{
	return balloon_page_list_dequeue(&info->old, pages, nr);
}

#define balloon_dev_info kgd_balloon_dev_info
#define balloon_devinfo_init kgd_balloon_devinfo_init
#define balloon_page_list_enqueue kgd_balloon_page_list_enqueue
#define balloon_page_list_dequeue kgd_balloon_page_list_dequeue

#endif
#endif
