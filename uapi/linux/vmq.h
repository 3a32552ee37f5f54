/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * vmq: what virtual memory really does, read from the page tables.
 *
 * This header is the contract between the vmq module and user space, and its
 * reference manual. All structures have the same layout for 32-bit and 64-bit
 * callers; addresses and sizes are in bytes, ranges are half-open, frames are
 * page frame numbers of the base page size. "in", "out" and "in/out" are seen
 * from the caller.
 *
 * How it is used:
 *
 *	fd = open("/dev/vmq", O_RDWR);
 *	ioctl(fd, VMQ_IOC_BIND, &bind);		once: whose memory
 *	ioctl(fd, VMQ_IOC_SCAN, &scan);		as often as wanted
 *
 * Rules that hold for every call:
 *  - an argument begins with its size; the kernel reads and writes no more
 *    than that. A size that leaves out a field of the first ABI version, a
 *    larger one with bytes set that this kernel does not know, an unknown
 *    flag bit or padding that is not zero: EINVAL.
 *  - a pointer that cannot be read or written: EFAULT; unknown command: ENOTTY.
 *  - each entry is exact for the instant it was read; what is reported
 *    together is no snapshot of the whole address space.
 *  - nothing of the target is changed: no fault, no reference, no flag.
 */
#ifndef _UAPI_LINUX_VMQ_H
#define _UAPI_LINUX_VMQ_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Raised only when a published field changes its meaning. */
#define VMQ_ABI_VERSION		1

#define VMQ_IOC_MAGIC		0xD6

/*
 * What kind of thing an entry refers to. The kinds above VMQ_KIND_DEVICE are
 * entries that are not present.
 */
#define VMQ_KIND_NONE		0	/* no entry */
#define VMQ_KIND_ANON		1	/* anonymous page */
#define VMQ_KIND_FILE		2	/* page-cache page of a file */
#define VMQ_KIND_SHMEM		3	/* page of shmem, tmpfs or a memfd */
#define VMQ_KIND_HUGETLB	4	/* hugetlb page */
#define VMQ_KIND_KSM		5	/* page merged by KSM */
#define VMQ_KIND_ZERO		6	/* the zero page */
#define VMQ_KIND_HUGE_ZERO	7	/* the huge zero page */
#define VMQ_KIND_PFNMAP		8	/* no page to ask: pfn-mapped, special */
#define VMQ_KIND_DEVICE		9	/* page of ZONE_DEVICE memory, DAX too */
#define VMQ_KIND_SWAP		10	/* swap entry */
#define VMQ_KIND_MIGRATION	11	/* page under migration */
#define VMQ_KIND_HWPOISON	12	/* page lost to a memory error */
#define VMQ_KIND_DEVICE_PRIVATE	13	/* page moved to, or lent to, a device */
#define VMQ_KIND_GUARD		14	/* guard region marker */
#define VMQ_KIND_MARKER		15	/* other marker: userfaultfd write-protect, poison */
#define VMQ_KIND_UNKNOWN	16	/* an entry this kernel cannot name */

/* Bits of an entry, in vmq_run.entry. Zero where there is no entry. */
#define VMQ_ENTRY_PRESENT	(1U << 0)	/* maps a frame (also when protnone) */
#define VMQ_ENTRY_WRITE		(1U << 1)	/* writable without a fault */
#define VMQ_ENTRY_USER		(1U << 2)	/* reachable from user mode */
#define VMQ_ENTRY_ACCESSED	(1U << 3)	/* used since the bit was last cleared */
#define VMQ_ENTRY_DIRTY		(1U << 4)	/* written since the bit was last cleared */
#define VMQ_ENTRY_EXEC		(1U << 5)	/* executable */
#define VMQ_ENTRY_GLOBAL	(1U << 6)	/* survives an address space switch */
#define VMQ_ENTRY_SPECIAL	(1U << 7)	/* marked as having no ordinary page */
#define VMQ_ENTRY_SOFT_DIRTY	(1U << 8)	/* written since the last clear_refs */
#define VMQ_ENTRY_UFFD_WP	(1U << 9)	/* write-protected by a userfaultfd */
#define VMQ_ENTRY_PROTNONE	(1U << 10)	/* present, but no access: PROT_NONE or NUMA hint */

/* Which fields of a vmq_run say something. A field without its bit is zero. */
#define VMQ_VALID_FRAME		(1U << 0)	/* frame is a page frame number */

/* The facts a caller asks for; bits of an entry are always told. */
#define VMQ_FACTS_FRAME		(1U << 0)	/* frame */

/* The run ended for lack of time, not because the next page differs. */
#define VMQ_RUN_CUT		(1U << 0)

/**
 * struct vmq_run - the longest stretch of pages with equal facts
 * @start: address of the first page
 * @pages: number of base pages; @start + @pages * page size is the end
 * @frame: frame of the first page; page i of the run lies in frame @frame + i
 * @entry: VMQ_ENTRY_* of every page of the run
 * @valid: VMQ_VALID_*
 * @flags: VMQ_RUN_*
 * @kind: VMQ_KIND_*
 * @shift: log2 of the bytes one entry maps: 12, 21 or 30; 0 without an entry
 *
 * Pages without an entry are not reported.
 */
struct vmq_run {
	__u64 start;
	__u64 pages;
	__u64 frame;
	__u64 reserved1;
	__u32 entry;
	__u32 valid;
	__u32 flags;
	__u32 reserved2;
	__u64 reserved3;
	__u8 kind;
	__u8 shift;
	__u8 reserved4[6];
};

/* What the loaded module can do, in vmq_info.features. */
#define VMQ_FEATURE_PAGEMAP_FD	(1ULL << 0)	/* VMQ_BIND_PAGEMAP_FD works */

/**
 * struct vmq_info - argument of VMQ_IOC_INFO
 * @size: in: sizeof(struct vmq_info)
 * @abi: out: VMQ_ABI_VERSION of the module
 * @features: out: VMQ_FEATURE_*
 * @page_size: out: bytes in a base page
 * @run_size: out: sizeof(struct vmq_run) in the module
 * @top: out: end of the target's user space; 0 before the file is bound
 * @max_hold_entries: out: most table entries and VMAs this open file visited
 *	under one hold of a target's lock
 * @max_hold_ns: out: longest such hold, in nanoseconds
 *
 * Errors: EINVAL, EFAULT.
 */
struct vmq_info {
	__u32 size;
	__u32 abi;
	__u64 features;
	__u32 page_size;
	__u32 run_size;
	__u64 top;
	__u64 max_hold_entries;
	__u64 max_hold_ns;
};

/* How vmq_bind names the target. */
#define VMQ_BIND_SELF		0	/* the calling process */
#define VMQ_BIND_PAGEMAP_FD	1	/* an open /proc/PID/pagemap */

/**
 * struct vmq_bind - argument of VMQ_IOC_BIND
 * @size: in: sizeof(struct vmq_bind)
 * @how: in: VMQ_BIND_*
 * @fd: in: for VMQ_BIND_PAGEMAP_FD the descriptor, else -1
 * @flags: in: 0
 *
 * Binds the open file to one target, once and for its life. The kernel decided
 * at the open of /proc/PID/pagemap who may look (ptrace access mode READ), and
 * a bound file can be passed on like any other: that hands over the view.
 *
 * Frames are told if the binder has CAP_SYS_ADMIN in the initial user
 * namespace, and the caller of each later call has it too.
 *
 * Errors: EINVAL unknown @how, @flags not zero, @fd not -1 for self, or a
 * descriptor that is no pagemap; EBADF not an open descriptor; EBUSY bound
 * before; ESRCH the target has ended or is a kernel thread; EOPNOTSUPP the way
 * by pagemap could not be proven on this kernel; EFAULT.
 */
struct vmq_bind {
	__u32 size;
	__u32 how;
	__s32 fd;
	__u32 flags;
};

/**
 * struct vmq_scan - argument of VMQ_IOC_SCAN
 * @size: in: sizeof(struct vmq_scan)
 * @flags: in: 0
 * @start: in: first address, page aligned; out: the cursor, where to go on.
 *	No page below it is missing, none at or above it was reported.
 * @end: in: end of the range, page aligned; at most the top of user space
 * @runs: in: address of an array of @count records of @run_size bytes
 * @count: in: room in @runs; out: records written
 * @run_size: in: sizeof(struct vmq_run) of the caller; a longer record than
 *	the kernel's is filled up with zeros, a shorter one cut
 * @facts: in: VMQ_FACTS_*
 * @reserved: in: 0
 *
 * Reports what lies in [@start, @end), in order of address. The call ends when
 * @runs is full, the range is done (@start == @end) or a signal arrives; no
 * records and an advanced cursor is a valid answer. The target's locks are held
 * for a bounded number of entries at a time.
 *
 * Errors: EINVAL a range that is empty, unaligned or beyond user space, @count
 * or @run_size 0, an unknown bit; ENOTCONN not bound; ESRCH the target's
 * address space is gone (exit or exec); EINTR; ENOMEM; EFAULT.
 */
struct vmq_scan {
	__u32 size;
	__u32 flags;
	__u64 start;
	__u64 end;
	__u64 runs;
	__u32 count;
	__u32 run_size;
	__u32 facts;
	__u32 reserved;
};

#define VMQ_IOC_INFO	_IOWR(VMQ_IOC_MAGIC, 0, struct vmq_info)
#define VMQ_IOC_BIND	_IOWR(VMQ_IOC_MAGIC, 1, struct vmq_bind)
#define VMQ_IOC_SCAN	_IOWR(VMQ_IOC_MAGIC, 2, struct vmq_scan)

#endif /* _UAPI_LINUX_VMQ_H */
