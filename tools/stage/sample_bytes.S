/* SPDX-License-Identifier: GPL-2.0-only */
/* The sample library, as the build made it, in the program that shows it. */
	.section .rodata
	.globl	sample_bytes, sample_bytes_end
	.balign	16
sample_bytes:
	.incbin	"obj/tools/sample.so"
sample_bytes_end:
	.section .note.GNU-stack, "", @progbits
