// SPDX-License-Identifier: GPL-2.0-only
/* Starts programs and listens to them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

bool program_read(FILE *file, char *text, size_t room)
{
	size_t length = fread(text, 1, room - 1, file);

	text[length] = '\0';
	return length < room - 1;
}

int program_run(const char *command, char *text, size_t room)
{
	FILE *out = popen(command, "r");
	bool whole;
	int status;

	if (!out)
		return -1;
	whole = program_read(out, text, room);
	status = pclose(out);
	return whole && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void become(uid_t uid, const int *in, const int *out, const int *err, char *const *argv)
{
	setpgid(0, 0);
	if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0)
		_exit(126);
	if (uid && (setresgid(uid, uid, uid) || setresuid(uid, uid, uid)))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(argv[0], argv);
	_exit(127);
}

int program_start(struct program *program, uid_t uid, char *const *argv)
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return -1;
	program->pid = fork();
	if (!program->pid)
		become(uid, in, out, err, argv);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	program->input = in[1];
	program->output = out[0];
	program->words = err[0];
	program->length = 0;
	program->said[0] = '\0';
	return program->pid < 0 ? -1 : 0;
}

int program_said(const struct program *program, const char *text)
{
	const char *at = program->said;
	int count = 0;

	while ((at = strstr(at, text))) {
		at += strlen(text);
		count++;
	}
	return count;
}

/* Reads some more; false at the end. */
static bool listen_on(struct program *program)
{
	size_t room = sizeof(program->said) - 1 - program->length;
	ssize_t got = read(program->output, program->said + program->length, room);

	if (got <= 0)
		return false;
	program->length += got;
	program->said[program->length] = '\0';
	return true;
}

bool program_says(struct program *program, const char *text, int count)
{
	while (program_said(program, text) < count)
		if (!listen_on(program))
			return false;
	return true;
}

void program_tell(struct program *program, const char *line)
{
	(void)!write(program->input, line, strlen(line));
}

int program_end(struct program *program, char *words, size_t room)
{
	size_t length = 0;
	ssize_t got;
	int status;

	close(program->input);
	while (listen_on(program))
		;
	while (length < room - 1 && (got = read(program->words, words + length, room - 1 - length)) > 0)
		length += got;
	words[length] = '\0';
	close(program->output);
	close(program->words);
	if (waitpid(program->pid, &status, 0) != program->pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
