/* SPDX-License-Identifier: MIT */
/* Waiting for a condition variable for a time that no change of the wall clock alters. */
#ifndef XT_PLATFORM_CONDITION_H
#define XT_PLATFORM_CONDITION_H

#include <pthread.h>
#include <stdint.h>

/* A point in time; of no use but for xt_condition_wait. */
uint64_t xt_condition_time(unsigned ms_from_now);

int xt_condition_init(pthread_cond_t *condition); /* as pthread_cond_init */
/* As pthread_cond_wait, and ETIMEDOUT once that time is reached. */
int xt_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until);

#endif
