// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the files of /proc/vmq say. Each is a list of lines made on the fly: one
 * line per row, VMA or run, from the same tables the tools print with. The list
 * can be read on or from its start; it is no snapshot.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "proc_text.h"
#include "reader.h"
#include "shared/columns.h"
#include "shared/text.h"
#include "target.h"

/* One open file. */
struct text {
	struct mutex lock;	/* around all that seq_file does; outside of its own */
	struct mm_struct *mm;	/* mm_count ... */
	bool alive;		/* ... and mm_users, while reading */
	loff_t pos;		/* line in record; 0 is the header */
	int state;		/* 1: there is a line at pos; 0: the end; or an errno */
	struct vmq_vma_array array;
	struct vmq_space space;
	struct vmq_reader reader;
	struct vmq_rows_source source;
	struct vmq_rows rows;
	struct vmq_pieces pieces;
	struct vmq_vma_pages pages;
	struct vmq_row row;
	struct vmq_run run;
	bool frames;		/* told so far */
	bool footer;		/* the line at pos is the one below all records */
};

/* Frames are for those who opened the file with the right, and read with it. */
static bool sees_frames(struct seq_file *m)
{
	return file_ns_capable(m->file, &init_user_ns, CAP_SYS_ADMIN) &&
	       vmq_caller_sees_frames();
}

static int next_run(void *context, struct vmq_run *run)
{
	return vmq_reader_next(context, run);
}

static int populated(void *context, __u64 start, __u64 end)
{
	const struct vmq_reader *main = context;
	struct vmq_wish wish = { .facts = VMQ_ROWS_FACTS, .none_of = VMQ_ROWS_EMPTY };
	struct vmq_reader *reader = kmalloc(sizeof(*reader), GFP_KERNEL_ACCOUNT);
	struct vmq_run run;
	int found;

	if (!reader)
		return -ENOMEM;
	vmq_reader_init(reader, main->walk.mm, start, end, &wish);
	found = vmq_reader_next(reader, &run);
	kfree(reader);
	return found;
}

/*
 * Each file: how it begins, takes a step, and which table prints its record; the
 * record NULL stands for the footer.
 */
struct list {
	u32 facts;
	bool needs_vmas;
	void (*begin)(struct text *text);
	int (*step)(struct text *text);
	const void *(*record)(struct text *text, struct vmq_vma_line *line);
	const struct vmq_table *table;
};

/* Begins anew at the first record. */
static int rewind(struct seq_file *m, const struct list *list)
{
	struct text *text = m->private;
	struct vmq_wish wish = { .facts = list->facts, .frames = sees_frames(m) };
	int err = 0;

	text->pos = -1;		/* until all below is there */
	vmq_vma_array_free(&text->array);
	if (list->needs_vmas)
		err = vmq_vma_array_read(&text->array, text->mm);
	if (err)
		return err;
	text->frames = wish.frames;
	text->space = (struct vmq_space){
		.vmas = text->array.vmas, .names = text->array.names,
		.top = text->mm->task_size, .count = text->array.count,
	};
	vmq_reader_init(&text->reader, text->mm, 0, text->mm->task_size, &wish);
	text->pos = 0;
	text->state = 1;
	return 0;
}

/* What seq_file is told of the state; at the end the VMAs are needed no more. */
static void *answer(struct text *text)
{
	if (text->state)
		return text->state > 0 ? text : ERR_PTR(text->state);
	vmq_vma_array_free(&text->array);
	return NULL;
}

static void *start(struct seq_file *m, loff_t *pos, const struct list *list)
{
	struct text *text = m->private;
	int err;

	text->alive = mmget_not_zero(text->mm);
	if (!text->alive)
		return ERR_PTR(-ESRCH);
	/* the right can be lost halfway through */
	if (*pos != text->pos || !*pos || text->frames != sees_frames(m)) {
		err = rewind(m, list);
		if (err)
			return ERR_PTR(err);
		list->begin(text);
		while (text->pos < *pos && text->state > 0) {
			text->state = list->step(text);
			text->pos++;
		}
	}
	/* An error at this line before: perhaps it has passed. */
	if (text->state < 0 && text->pos == *pos)
		text->state = list->step(text);
	return answer(text);
}

static void *next(struct seq_file *m, void *v, loff_t *pos, const struct list *list)
{
	struct text *text = v;

	++*pos;
	text->pos++;
	text->state = list->step(text);
	return answer(text);
}

static void stop(struct seq_file *m, void *v)
{
	struct text *text = m->private;

	if (text->alive)
		mmput_async(text->mm);
}

/* Lets a function of text.h write where the file's text goes. */
#define PRINT(m, function, ...) do { \
	char *buffer; \
	size_t room = seq_get_buf(m, &buffer); \
	size_t length = function(__VA_ARGS__, buffer, room); \
	seq_commit(m, length < room ? (int)length : -1); \
} while (0)

static int show(struct seq_file *m, void *v, const struct list *list)
{
	struct text *text = v;
	struct vmq_vma_line line;
	const void *record;

	if (!text->pos) {
		PRINT(m, vmq_text_header, list->table, VMQ_TEXT_HUMAN);
		return 0;
	}
	record = list->record(text, &line);
	if (record)
		PRINT(m, vmq_text_line, list->table, VMQ_TEXT_HUMAN, record);
	else
		PRINT(m, vmq_text_vma_footer, text->array.total, text->array.height);
	return 0;
}

/* vq: the rows */
static void vq_begin(struct text *text)
{
	text->source = (struct vmq_rows_source){
		.next_run = next_run, .populated = populated, .context = &text->reader,
	};
	vmq_rows_init(&text->rows, &text->space, &text->source);
}

static int vq_step(struct text *text)
{
	return vmq_rows_next(&text->rows, &text->row);
}

static const void *vq_record(struct text *text, struct vmq_vma_line *line)
{
	return &text->row;
}

static const struct list vq = {
	VMQ_ROWS_FACTS, true, vq_begin, vq_step, vq_record, &vmq_row_table,
};

/* vmas: one line each, with its pages counted, and how many they are */
static void vmas_begin(struct text *text)
{
	text->pages = (struct vmq_vma_pages){ };
	text->footer = false;
	vmq_pieces_init(&text->pieces, &text->space, next_run, &text->reader);
}

static int vmas_step(struct text *text)
{
	int state = vmq_vma_pages_next(&text->pieces, &text->pages);

	if (state || text->footer)
		return state;
	text->footer = true;
	return 1;
}

static const void *vmas_record(struct text *text, struct vmq_vma_line *line)
{
	if (text->footer)
		return NULL;
	*line = (struct vmq_vma_line){
		.vma = text->space.vmas + text->pages.vma,
		.names = text->space.names,
		.pages = &text->pages,
	};
	return line;
}

static const struct list vmas = {
	VMQ_FACTS_PAGE, true, vmas_begin, vmas_step, vmas_record, &vmq_vma_table,
};

/* pages: the runs that are not empty */
static void pages_begin(struct text *text)
{
	text->reader.walk.report.wish.none_of = VMQ_SET_KIND(VMQ_KIND_NONE);
}

static int pages_step(struct text *text)
{
	return vmq_reader_next(&text->reader, &text->run);
}

static const void *pages_record(struct text *text, struct vmq_vma_line *line)
{
	return &text->run;
}

static const struct list pages = {
	VMQ_FACTS_ALL, false, pages_begin, pages_step, pages_record, &vmq_run_table,
};

#define SEQ_OPERATIONS(list) \
static void *list##_start(struct seq_file *m, loff_t *pos) \
{ \
	return start(m, pos, &list); \
} \
static void *list##_next(struct seq_file *m, void *v, loff_t *pos) \
{ \
	return next(m, v, pos, &list); \
} \
static int list##_show(struct seq_file *m, void *v) \
{ \
	return show(m, v, &list); \
} \
const struct seq_operations vmq_proc_##list = { \
	.start = list##_start, .next = list##_next, .stop = stop, .show = list##_show, \
}

SEQ_OPERATIONS(vq);
SEQ_OPERATIONS(vmas);
SEQ_OPERATIONS(pages);

/* Opens a file for @mm, whose reference the caller keeps. 0 or ENOMEM. */
int vmq_proc_text_open(struct file *file, const struct seq_operations *ops,
		       struct mm_struct *mm)
{
	struct text *text = __seq_open_private(file, ops, sizeof(*text));

	if (!text)
		return -ENOMEM;
	mutex_init(&text->lock);
	mmgrab(mm);
	text->mm = mm;
	return 0;
}

/*
 * A descriptor can pass to somebody without the right to see frames, halfway through a
 * line that was made for the one before: who has other rights gets no rest of it.
 */
static void drop_rest(struct seq_file *m)
{
	struct text *text = m->private;

	if (text->frames != sees_frames(m))
		m->count = 0;
}

ssize_t vmq_proc_text_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct seq_file *m = iocb->ki_filp->private_data;
	struct text *text = m->private;
	ssize_t size;

	if (mutex_lock_killable(&text->lock))
		return -EINTR;
	drop_rest(m);
	size = seq_read_iter(iocb, to);
	mutex_unlock(&text->lock);
	return size;
}

loff_t vmq_proc_text_lseek(struct file *file, loff_t offset, int whence)
{
	struct text *text = ((struct seq_file *)file->private_data)->private;
	loff_t pos;

	if (mutex_lock_killable(&text->lock))
		return -EINTR;
	pos = seq_lseek(file, offset, whence);
	mutex_unlock(&text->lock);
	return pos;
}

int vmq_proc_text_release(struct inode *inode, struct file *file)
{
	struct text *text = ((struct seq_file *)file->private_data)->private;

	vmq_vma_array_free(&text->array);
	mmdrop(text->mm);
	return seq_release_private(inode, file);
}
