/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mark: runs in the guest; "mark b" begins a window of icounts, "mark e" ends it.
 * The long NOPs are those of marks[] in icounts.c. No library: as little as
 * possible of this program is counted.
 */
	.globl	_start
_start:
	movq	16(%rsp), %rax		/* argv[1] */
	cmpb	$'b', (%rax)
	jne	1f
	.byte	0x0f, 0x1f, 0x80, 0x00, 0x44, 0x47, 0x4b
	jmp	2f
1:
	.byte	0x0f, 0x1f, 0x80, 0x01, 0x44, 0x47, 0x4b
2:
	xorl	%edi, %edi
	movl	$60, %eax		/* exit */
	syscall

	.section .note.GNU-stack, "", @progbits
