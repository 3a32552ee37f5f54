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
 *  - while a file is open, bound or not, rmmod answers EWOULDBLOCK.
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
#define VMQ_KIND_KERNEL		9	/* page of the kernel or a driver: vdso, ring buffer */
#define VMQ_KIND_DEVICE		10	/* page of ZONE_DEVICE memory, DAX too */
#define VMQ_KIND_SWAP		11	/* swap entry */
#define VMQ_KIND_MIGRATION	12	/* page under migration */
#define VMQ_KIND_HWPOISON	13	/* page lost to a memory error */
#define VMQ_KIND_DEVICE_PRIVATE	14	/* page moved to, or lent to, a device */
#define VMQ_KIND_GUARD		15	/* guard region marker */
#define VMQ_KIND_MARKER		16	/* marker: VMQ_ENTRY_UFFD_WP, else poison */
#define VMQ_KIND_UNKNOWN	17	/* an entry this kernel cannot name */

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

/* Whose page it is. */
#define VMQ_SHARING_NONE	0	/* nothing there */
#define VMQ_SHARING_MAP_SHARED	1	/* page of a shared mapping */
#define VMQ_SHARING_FILE	2	/* page-cache page in a private mapping: still the file's */
#define VMQ_SHARING_EXCLUSIVE	3	/* anonymous and this address space's alone */
#define VMQ_SHARING_MAYBE	4	/* anonymous, not known to be exclusive */
#define VMQ_SHARING_KSM		5	/* merged page */
#define VMQ_SHARING_ZERO	6	/* zero page or huge zero page */
#define VMQ_SHARING_NOPAGE	7	/* no page to ask: special, pfn-mapped, device */

/* What a write to the page would do now. */
#define VMQ_ON_WRITE_UNKNOWN	0	/* hangs on passing references or on a driver */
#define VMQ_ON_WRITE_THROUGH	1	/* no fault */
#define VMQ_ON_WRITE_UPGRADE	2	/* fault, same frame: a shared mapping's page */
#define VMQ_ON_WRITE_REUSE	3	/* fault, same frame: nobody else uses it */
#define VMQ_ON_WRITE_COPY	4	/* fault, new frame with a copy */
#define VMQ_ON_WRITE_FILL	5	/* fault, new frame: nothing of its own is there yet */
#define VMQ_ON_WRITE_SWAPIN	6	/* the page comes back first */
#define VMQ_ON_WRITE_SWAPIN_REUSE 7	/* it comes back, and is this process' alone */
#define VMQ_ON_WRITE_UFFD	8	/* a userfaultfd decides */
#define VMQ_ON_WRITE_WAIT	9	/* waits for a migration to end */
#define VMQ_ON_WRITE_DENY	10	/* a signal */

/* What caching the entry asks for. */
#define VMQ_MEMTYPE_WB		0	/* write-back */
#define VMQ_MEMTYPE_WC		1	/* write-combining */
#define VMQ_MEMTYPE_WT		2	/* write-through */
#define VMQ_MEMTYPE_WP		3	/* write-protected */
#define VMQ_MEMTYPE_UC_MINUS	4	/* uncached, unless the MTRRs say write-combining */
#define VMQ_MEMTYPE_UC		5	/* uncached */

/*
 * Which fields of a vmq_run say something. A field without its bit is zero: the
 * fact was not asked for, does not exist for this kind, is not known to this
 * kernel, or is not for this caller.
 */
#define VMQ_VALID_FRAME		(1U << 0)	/* frame is a page frame number */
#define VMQ_VALID_TOKEN		(1U << 1)	/* frame is a token, with index */
#define VMQ_VALID_SWAP		(1U << 2)	/* frame is a swap offset, index a swap area */
#define VMQ_VALID_KIND		(1U << 3)
#define VMQ_VALID_SHARING	(1U << 4)	/* also VMQ_RUN_PRIVATIZED */
#define VMQ_VALID_ON_WRITE	(1U << 5)	/* also VMQ_RUN_PKEY */
#define VMQ_VALID_FORCED_WRITE	(1U << 6)
#define VMQ_VALID_PAGE_FLAGS	(1U << 7)
#define VMQ_VALID_MAP_COUNT	(1U << 8)
#define VMQ_VALID_REF_COUNT	(1U << 9)
#define VMQ_VALID_ORDER		(1U << 10)
#define VMQ_VALID_NODE		(1U << 11)
#define VMQ_VALID_MEMTYPE	(1U << 12)
#define VMQ_VALID_PKEY		(1U << 13)

/*
 * The facts a caller asks for. Entry bits, memory type, pkey, and the kind of
 * what is not present are always told, as they cost nothing more; the groups
 * marked * read the page behind the entry.
 */
#define VMQ_FACTS_FRAME		(1U << 0)	/* frame, or token *; swap location */
#define VMQ_FACTS_PAGE		(1U << 1)	/* * kind of what is present, sharing, order */
#define VMQ_FACTS_WRITE		(1U << 2)	/* * on_write, forced_write */
#define VMQ_FACTS_COUNTS	(1U << 3)	/* * map_count, ref_count */
#define VMQ_FACTS_FLAGS		(1U << 4)	/* * page_flags */
#define VMQ_FACTS_NODE		(1U << 5)	/* * node */
#define VMQ_FACTS_ALL		((1U << 6) - 1)

#define VMQ_RUN_CUT		(1U << 0)	/* a signal ended the call, not a page that differs */
#define VMQ_RUN_PRIVATIZED	(1U << 1)	/* anonymous, of a private file mapping, not hugetlb */
#define VMQ_RUN_NUMA_HINT	(1U << 2)	/* protnone in an accessible VMA, to see a use */
#define VMQ_RUN_PKEY		(1U << 3)	/* on_write holds for threads whose pkey allows it */

/**
 * struct vmq_run - the longest stretch of pages with equal facts
 * @start: address of the first page
 * @pages: number of base pages; @start + @pages * page size is the end
 * @frame: of the first page. VMQ_VALID_FRAME: its page frame number, and page i
 *	lies in @frame + i. VMQ_VALID_SWAP: its offset in the swap area @index, page
 *	i at @frame + i. VMQ_VALID_TOKEN: stands for its folio; two pages are one if
 *	token and @index are equal. Compare within one pass: a folio that is split or
 *	moved gets another token, and a frame that is used for something else, too.
 *	Pages of kind VMQ_KIND_ZERO all have the one frame, or token, given.
 * @index: VMQ_VALID_TOKEN: index of the first page in its folio, page i has
 *	@index + i. VMQ_VALID_SWAP: number of the swap area
 * @entry: VMQ_ENTRY_*
 * @valid: VMQ_VALID_*
 * @map_count: number of entries that map the page, as in /proc/kpagecount
 * @ref_count: references to the page's folio
 * @flags: VMQ_RUN_*
 * @node: NUMA node
 * @page_flags: the folio's flags, numbered as in /proc/kpageflags; those of
 *	vmq_info.page_flags can be set
 * @kind: VMQ_KIND_*
 * @sharing: VMQ_SHARING_*
 * @on_write: VMQ_ON_WRITE_*, for a write by the process itself. With
 *	VMQ_RUN_NUMA_HINT the hint is taken away first; this is the verdict on the
 *	entry that leaves. If the kernel uses the hint to move the page to another
 *	node, THROUGH becomes REUSE or UPGRADE of the moved page
 * @forced_write: VMQ_ON_WRITE_*, for a write by a debugger (ptrace or
 *	/proc/PID/mem), which may write where the process may not
 * @shift: log2 of the bytes one entry maps: 12, 21 or 30; 0 where there is none
 * @order: log2 of the pages in the folio
 * @memtype: VMQ_MEMTYPE_*
 * @pkey: protection key of the entry, or of the VMA where there is none
 *
 * sharing, on_write and forced_write are exact for the entry as it was read,
 * and no promise for later.
 */
struct vmq_run {
	__u64 start;
	__u64 pages;
	__u64 frame;
	__u32 index;
	__u32 entry;
	__u32 valid;
	__u32 map_count;
	__u32 ref_count;
	__u16 flags;
	__u16 node;
	__u64 page_flags;
	__u8 kind;
	__u8 sharing;
	__u8 on_write;
	__u8 forced_write;
	__u8 shift;
	__u8 order;
	__u8 memtype;
	__u8 pkey;
};

/*
 * The facts of a run as one 64-bit set, for the filters of vmq_scan: the bits of
 * entry, and one bit per kind, sharing and on_write. A verdict that is not valid
 * in a run has no bit set.
 */
#define VMQ_SET_KIND(kind)		(1ULL << (24 + (kind)))
#define VMQ_SET_SHARING(sharing)	(1ULL << (44 + (sharing)))
#define VMQ_SET_ON_WRITE(on_write)	(1ULL << (52 + (on_write)))

/* What the loaded module can do, in vmq_info.features. */
#define VMQ_FEATURE_PAGEMAP_FD	(1ULL << 0)	/* VMQ_BIND_PAGEMAP_FD works */
#define VMQ_FEATURE_MAP_COUNT	(1ULL << 1)	/* this kernel counts mappings per page */
#define VMQ_FEATURE_GUARD	(1ULL << 2)	/* this kernel has guard regions */

/**
 * struct vmq_info - argument of VMQ_IOC_INFO
 * @size: in: sizeof(struct vmq_info)
 * @abi: out: VMQ_ABI_VERSION of the module
 * @features: out: VMQ_FEATURE_*
 * @page_size: out: bytes in a base page
 * @run_size: out: sizeof(struct vmq_run) in the module
 * @page_flags: out: the page flags this kernel can tell, as a set of bits
 * @leaf_sizes: out: bytes an entry can map, as a set: bit n for 2^n bytes
 * @top: out: end of the target's user space; 0 before the file is bound
 * @max_hold_entries: out: most table entries and VMAs this open file visited
 *	under one hold of a target's lock
 * @max_hold_ns: out: longest such hold, in nanoseconds
 * @retries: out: entries that changed between being read and being locked, and
 *	were read again, by this open file
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
	__u64 page_flags;
	__u64 leaf_sizes;
	__u64 max_hold_entries;
	__u64 max_hold_ns;
	__u64 retries;
};

/* How vmq_bind names the target. */
#define VMQ_BIND_SELF		0	/* the calling process */
#define VMQ_BIND_PAGEMAP_FD	1	/* an open /proc/PID/pagemap */
#define VMQ_BIND_PID		2	/* a process id of the caller's pid namespace */

/* Never tell frames through this file, whoever asks: before it is passed on. */
#define VMQ_BIND_TOKENS		(1U << 0)

/**
 * struct vmq_bind - argument of VMQ_IOC_BIND
 * @size: in: sizeof(struct vmq_bind)
 * @how: in: VMQ_BIND_*
 * @fd: in: for VMQ_BIND_PAGEMAP_FD the descriptor, else -1
 * @pid: in: for VMQ_BIND_PID the process, else 0
 * @flags: in: VMQ_BIND_TOKENS or 0
 * @reserved: in: 0
 *
 * Binds the open file to the address space the target has now, once and for the
 * life of the file. With VMQ_BIND_PAGEMAP_FD the kernel decided at the open of
 * /proc/PID/pagemap who may look (ptrace access mode READ). VMQ_BIND_PID wants
 * CAP_SYS_ADMIN and CAP_SYS_PTRACE in the initial user namespace.
 *
 * A bound file can be passed on like any other: that hands over the view of this
 * target, but not the right to see frames. Frames are told if the binder had
 * CAP_SYS_ADMIN in the initial user namespace, the caller has it at each later
 * call, VMQ_BIND_TOKENS was not given, and the kernel is not locked down for
 * confidentiality.
 *
 * Errors: EINVAL unknown @how or flag, @fd or @pid that does not go with @how, or
 * a descriptor that is no pagemap; EBADF not an open descriptor; EBUSY bound
 * before; EPERM by pid without the capabilities; ESRCH no such process, it has
 * ended or is a kernel thread; EOPNOTSUPP the way by pagemap could not be proven
 * on this kernel; EFAULT.
 */
struct vmq_bind {
	__u32 size;
	__u32 how;
	__s32 fd;
	__s32 pid;
	__u32 flags;
	__u32 reserved;
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
 * @all_of: in: report only pages whose set (VMQ_SET_*) has all of these bits
 * @any_of: in: ... at least one of these, if not 0
 * @none_of: in: ... none of these
 * @frame_start: in: report only pages whose frame is at least this ...
 * @frame_end: in: ... and below this; 0 for every frame, and for pages without one
 *
 * Reports every page of every VMA in [@start, @end), those without an entry too
 * (leave them out with VMQ_SET_KIND(VMQ_KIND_NONE) in @none_of), in order of
 * address. The range may hold addresses no VMA covers. The call ends when
 * @runs is full, the range is done (@start == @end) or a signal arrives; no
 * records and an advanced cursor is a valid answer. The target's locks are held
 * for a bounded number of entries at a time.
 *
 * Errors: EINVAL a range that is empty, unaligned or beyond user space, @count
 * or @run_size 0, an unknown bit, a filter on a fact that was not asked for, a
 * frame range that is empty; EPERM a frame range without the right to see frames;
 * ENOTCONN not bound; ESRCH the target's
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
	__u64 all_of;
	__u64 any_of;
	__u64 none_of;
	__u64 frame_start;
	__u64 frame_end;
};

/* What a VMA allows, or can be made to allow by mprotect. */
#define VMQ_RIGHT_READ		(1U << 0)
#define VMQ_RIGHT_WRITE		(1U << 1)
#define VMQ_RIGHT_EXEC		(1U << 2)

/*
 * Flags of a VMA; smaps prints the two letters. Rights and maximum rights are
 * fields of their own.
 */
#define VMQ_VMA_SHARED		(1ULL << 0)	/* sh */
#define VMQ_VMA_MAYSHARE	(1ULL << 1)	/* ms: MAP_SHARED, whatever the descriptor allowed */
#define VMQ_VMA_GROWSDOWN	(1ULL << 2)	/* gd */
#define VMQ_VMA_PFNMAP		(1ULL << 3)	/* pf */
#define VMQ_VMA_LOCKED		(1ULL << 4)	/* lo */
#define VMQ_VMA_IO		(1ULL << 5)	/* io */
#define VMQ_VMA_SEQ_READ	(1ULL << 6)	/* sr */
#define VMQ_VMA_RAND_READ	(1ULL << 7)	/* rr */
#define VMQ_VMA_DONTCOPY	(1ULL << 8)	/* dc */
#define VMQ_VMA_DONTEXPAND	(1ULL << 9)	/* de */
#define VMQ_VMA_LOCKONFAULT	(1ULL << 10)	/* lf */
#define VMQ_VMA_ACCOUNT		(1ULL << 11)	/* ac */
#define VMQ_VMA_NORESERVE	(1ULL << 12)	/* nr */
#define VMQ_VMA_HUGETLB		(1ULL << 13)	/* ht */
#define VMQ_VMA_SYNC		(1ULL << 14)	/* sf */
#define VMQ_VMA_WIPEONFORK	(1ULL << 15)	/* wf */
#define VMQ_VMA_DONTDUMP	(1ULL << 16)	/* dd */
#define VMQ_VMA_SOFTDIRTY	(1ULL << 17)	/* sd */
#define VMQ_VMA_MIXEDMAP	(1ULL << 18)	/* mm */
#define VMQ_VMA_HUGEPAGE	(1ULL << 19)	/* hg */
#define VMQ_VMA_NOHUGEPAGE	(1ULL << 20)	/* nh */
#define VMQ_VMA_MERGEABLE	(1ULL << 21)	/* mg */
#define VMQ_VMA_UFFD_MISSING	(1ULL << 22)	/* um */
#define VMQ_VMA_UFFD_WP		(1ULL << 23)	/* uw */
#define VMQ_VMA_UFFD_MINOR	(1ULL << 24)	/* ui */
#define VMQ_VMA_SHADOW_STACK	(1ULL << 25)	/* ss */
#define VMQ_VMA_SEALED		(1ULL << 26)	/* sl */
#define VMQ_VMA_DROPPABLE	(1ULL << 27)	/* dp */
#define VMQ_VMA_MAYBE_GUARD	(1ULL << 28)	/* gu */

/* What a VMA maps. */
#define VMQ_VMA_TYPE_ANON	0	/* anonymous, private */
#define VMQ_VMA_TYPE_FILE	1	/* a file of a file system */
#define VMQ_VMA_TYPE_SHMEM	2	/* shared anonymous memory, a memfd, a file of tmpfs */
#define VMQ_VMA_TYPE_HUGETLB	3
#define VMQ_VMA_TYPE_DEVICE	4	/* a device file, or frames a driver mapped */
#define VMQ_VMA_TYPE_SPECIAL	5	/* vdso and its data */

/**
 * struct vmq_vma - one VMA, as /proc/PID/maps and smaps show it
 * @start: first address
 * @end: end
 * @offset: bytes into the file; 0 without one
 * @inode: inode number of the file; 0 without one
 * @object: opaque id of what backs the VMA: equal for VMAs of one file, or whose
 *	anonymous pages come from one root (forked from each other); 0 for none yet.
 *	Compare within one pass: what ends gives its id to what begins later
 * @flags: VMQ_VMA_*
 * @dev_major: of the file's device
 * @dev_minor: of the file's device
 * @name: offset of the name in vmq_vmas.names
 * @name_length: bytes of the name, its NUL not counted; 0 for none
 * @rights: VMQ_RIGHT_*, now
 * @max_rights: VMQ_RIGHT_* mprotect may give
 * @type: VMQ_VMA_TYPE_*
 * @pkey: protection key
 * @reserved: 0
 *
 * The name is a path as /proc/PID/maps prints it, bytes as they are (maps
 * escapes a newline), or one in brackets: [heap], [stack], [vdso], [anon:NAME].
 */
struct vmq_vma {
	__u64 start;
	__u64 end;
	__u64 offset;
	__u64 inode;
	__u64 object;
	__u64 flags;
	__u32 dev_major;
	__u32 dev_minor;
	__u32 name;
	__u32 name_length;
	__u8 rights;
	__u8 max_rights;
	__u8 type;
	__u8 pkey;
	__u32 reserved;
};

/**
 * struct vmq_vmas - argument of VMQ_IOC_VMAS
 * @size: in: sizeof(struct vmq_vmas)
 * @flags: in: 0
 * @start: in: first address, page aligned; out: the cursor, where to go on
 * @end: in: end of the range, page aligned; at most the top of user space
 * @vmas: in: address of an array of @count records of @vma_size bytes
 * @names: in: address of @names_size bytes for names
 * @count: in: room in @vmas; out: records written
 * @vma_size: in: sizeof(struct vmq_vma) of the caller
 * @names_size: in: room in @names, at least 4096; out: bytes written
 * @total: out: number of VMAs of the address space
 * @height: out: height of the tree the kernel keeps them in
 * @reserved: in: 0
 *
 * Reports the VMAs that overlap [@start, @end), whole, in order of address. The
 * call ends when an array is full, 1024 VMAs or 64 KiB of names are told, the range
 * is done (@start == @end) or a signal arrives; repeat it until the range is done.
 * A VMA that grows downwards, or is joined, between two calls may be told again.
 *
 * Errors: as VMQ_IOC_SCAN.
 */
struct vmq_vmas {
	__u32 size;
	__u32 flags;
	__u64 start;
	__u64 end;
	__u64 vmas;
	__u64 names;
	__u32 count;
	__u32 vma_size;
	__u32 names_size;
	__u32 total;
	__u32 height;
	__u32 reserved;
};

/* Levels of a page table, from the leaves up. */
#define VMQ_LEVEL_PTE		1
#define VMQ_LEVEL_PMD		2
#define VMQ_LEVEL_PUD		3
#define VMQ_LEVEL_P4D		4
#define VMQ_LEVEL_PGD		5
#define VMQ_LEVELS		5

/**
 * struct vmq_level - one entry on the way from the root to a page
 * @table: frame of the table that holds the entry; VMQ_VALID_TABLE
 * @frame: frame the entry points to, a table or a page; VMQ_VALID_FRAME
 * @entry: VMQ_ENTRY_*
 * @valid: VMQ_VALID_FRAME, VMQ_VALID_TABLE
 * @index: index of the entry in its table
 * @level: VMQ_LEVEL_*
 * @leaf: 1 if the entry maps a page or says why there is none, 0 for a table
 *	or nothing
 */
struct vmq_level {
	__u64 table;
	__u64 frame;
	__u32 entry;
	__u32 valid;
	__u16 index;
	__u8 level;
	__u8 leaf;
	__u32 reserved;
};
#define VMQ_VALID_TABLE		(1U << 31)

/**
 * struct vmq_walk - argument of VMQ_IOC_WALK
 * @size: in: sizeof(struct vmq_walk)
 * @facts: in: VMQ_FACTS_* for @run
 * @address: in: page aligned, inside a VMA
 * @count: out: levels visited, from the root down
 * @flags: in: 0
 * @levels: out: the first @count are filled
 * @run: out: the page at @address, as VMQ_IOC_SCAN would report it
 *
 * A folded level (P4D with four-level tables) is not reported.
 *
 * Errors: EINVAL an address that is unaligned or beyond user space, an unknown
 * bit; ENOMEM no VMA there; ENOTCONN; ESRCH; EINTR; EFAULT.
 */
struct vmq_walk {
	__u32 size;
	__u32 facts;
	__u64 address;
	__u32 count;
	__u32 flags;
	struct vmq_level levels[VMQ_LEVELS];
	struct vmq_run run;
};

#define VMQ_IOC_INFO	_IOWR(VMQ_IOC_MAGIC, 0, struct vmq_info)
#define VMQ_IOC_BIND	_IOWR(VMQ_IOC_MAGIC, 1, struct vmq_bind)
#define VMQ_IOC_SCAN	_IOWR(VMQ_IOC_MAGIC, 2, struct vmq_scan)
#define VMQ_IOC_VMAS	_IOWR(VMQ_IOC_MAGIC, 3, struct vmq_vmas)
#define VMQ_IOC_WALK	_IOWR(VMQ_IOC_MAGIC, 4, struct vmq_walk)

#endif /* _UAPI_LINUX_VMQ_H */
