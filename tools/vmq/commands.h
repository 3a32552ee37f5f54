/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands of vmq. Each gets its own name and what follows it as a program
 * gets its arguments, parses them and returns an exit status.
 */
#ifndef VMQ_COMMANDS_H
#define VMQ_COMMANDS_H

int vmq_dp(int argc, char **argv);
int vmq_in(int argc, char **argv);
int vmq_lab(int argc, char **argv);
int vmq_ps(int argc, char **argv);
int vmq_walk(int argc, char **argv);

#endif
