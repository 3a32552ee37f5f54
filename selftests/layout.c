// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout of the contract, as numbers: the compiler says when it changes.
 * selftests/check builds this as C, for 32 bits and as C++. Calls carry the size
 * of their argument in their number, so those are fixed as well.
 */
#include <linux/vmq.h>
#include <stddef.h>

#ifdef __cplusplus
#define _Static_assert static_assert
#endif

#define SIZE(type, bytes) \
	_Static_assert(sizeof(struct type) == (bytes), "size of struct " #type)
#define OFFSET(type, field, bytes) \
	_Static_assert(offsetof(struct type, field) == (bytes), "offset of " #type "." #field)
#define CALL(command, value) _Static_assert((command) == (value), #command)

SIZE(vmq_run, 64);
OFFSET(vmq_run, start, 0);
OFFSET(vmq_run, pages, 8);
OFFSET(vmq_run, frame, 16);
OFFSET(vmq_run, index, 24);
OFFSET(vmq_run, entry, 28);
OFFSET(vmq_run, valid, 32);
OFFSET(vmq_run, map_count, 36);
OFFSET(vmq_run, ref_count, 40);
OFFSET(vmq_run, flags, 44);
OFFSET(vmq_run, node, 46);
OFFSET(vmq_run, page_flags, 48);
OFFSET(vmq_run, kind, 56);
OFFSET(vmq_run, sharing, 57);
OFFSET(vmq_run, on_write, 58);
OFFSET(vmq_run, forced_write, 59);
OFFSET(vmq_run, shift, 60);
OFFSET(vmq_run, order, 61);
OFFSET(vmq_run, memtype, 62);
OFFSET(vmq_run, pkey, 63);

SIZE(vmq_info, 72);
OFFSET(vmq_info, size, 0);
OFFSET(vmq_info, abi, 4);
OFFSET(vmq_info, features, 8);
OFFSET(vmq_info, page_size, 16);
OFFSET(vmq_info, run_size, 20);
OFFSET(vmq_info, top, 24);
OFFSET(vmq_info, page_flags, 32);
OFFSET(vmq_info, leaf_sizes, 40);
OFFSET(vmq_info, max_hold_entries, 48);
OFFSET(vmq_info, max_hold_ns, 56);
OFFSET(vmq_info, retries, 64);

SIZE(vmq_bind, 24);
OFFSET(vmq_bind, size, 0);
OFFSET(vmq_bind, how, 4);
OFFSET(vmq_bind, fd, 8);
OFFSET(vmq_bind, pid, 12);
OFFSET(vmq_bind, flags, 16);
OFFSET(vmq_bind, reserved, 20);

SIZE(vmq_scan, 88);
OFFSET(vmq_scan, size, 0);
OFFSET(vmq_scan, flags, 4);
OFFSET(vmq_scan, start, 8);
OFFSET(vmq_scan, end, 16);
OFFSET(vmq_scan, runs, 24);
OFFSET(vmq_scan, count, 32);
OFFSET(vmq_scan, run_size, 36);
OFFSET(vmq_scan, facts, 40);
OFFSET(vmq_scan, reserved, 44);
OFFSET(vmq_scan, all_of, 48);
OFFSET(vmq_scan, any_of, 56);
OFFSET(vmq_scan, none_of, 64);
OFFSET(vmq_scan, frame_start, 72);
OFFSET(vmq_scan, frame_end, 80);

SIZE(vmq_vma, 72);
OFFSET(vmq_vma, start, 0);
OFFSET(vmq_vma, end, 8);
OFFSET(vmq_vma, offset, 16);
OFFSET(vmq_vma, inode, 24);
OFFSET(vmq_vma, object, 32);
OFFSET(vmq_vma, flags, 40);
OFFSET(vmq_vma, dev_major, 48);
OFFSET(vmq_vma, dev_minor, 52);
OFFSET(vmq_vma, name, 56);
OFFSET(vmq_vma, name_length, 60);
OFFSET(vmq_vma, rights, 64);
OFFSET(vmq_vma, max_rights, 65);
OFFSET(vmq_vma, type, 66);
OFFSET(vmq_vma, pkey, 67);
OFFSET(vmq_vma, reserved, 68);

SIZE(vmq_vmas, 64);
OFFSET(vmq_vmas, size, 0);
OFFSET(vmq_vmas, flags, 4);
OFFSET(vmq_vmas, start, 8);
OFFSET(vmq_vmas, end, 16);
OFFSET(vmq_vmas, vmas, 24);
OFFSET(vmq_vmas, names, 32);
OFFSET(vmq_vmas, count, 40);
OFFSET(vmq_vmas, vma_size, 44);
OFFSET(vmq_vmas, names_size, 48);
OFFSET(vmq_vmas, total, 52);
OFFSET(vmq_vmas, height, 56);
OFFSET(vmq_vmas, reserved, 60);

SIZE(vmq_level, 32);
OFFSET(vmq_level, table, 0);
OFFSET(vmq_level, frame, 8);
OFFSET(vmq_level, entry, 16);
OFFSET(vmq_level, valid, 20);
OFFSET(vmq_level, index, 24);
OFFSET(vmq_level, level, 26);
OFFSET(vmq_level, leaf, 27);
OFFSET(vmq_level, reserved, 28);

SIZE(vmq_walk, 248);
OFFSET(vmq_walk, size, 0);
OFFSET(vmq_walk, facts, 4);
OFFSET(vmq_walk, address, 8);
OFFSET(vmq_walk, count, 16);
OFFSET(vmq_walk, flags, 20);
OFFSET(vmq_walk, levels, 24);
OFFSET(vmq_walk, run, 184);

CALL(VMQ_IOC_INFO, 0xc048d600U);
CALL(VMQ_IOC_BIND, 0xc018d601U);
CALL(VMQ_IOC_SCAN, 0xc058d602U);
CALL(VMQ_IOC_VMAS, 0xc040d603U);
CALL(VMQ_IOC_WALK, 0xc0f8d604U);
