# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A folder with another suite's compiler, for kernels whose build tools need a
# newer C library than the host has.
