/* SPDX-License-Identifier: MIT */
/* Clearing of vector registers. */
#include "crypto/secret.h"

#if defined(__x86_64__)

void xt_registers_wipe(void)
{
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroall" ::
				     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
				       "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
				       "xmm14", "xmm15");
}

#elif defined(__aarch64__)

/* v8 to v15 hold the caller's values in their lower halves. */
void xt_registers_wipe(void)
{
	__asm__ volatile("movi v0.2d, #0\n\tmovi v1.2d, #0\n\tmovi v2.2d, #0\n\tmovi v3.2d, #0\n\t"
			 "movi v4.2d, #0\n\tmovi v5.2d, #0\n\tmovi v6.2d, #0\n\tmovi v7.2d, #0\n\t"
			 "movi v16.2d, #0\n\tmovi v17.2d, #0\n\tmovi v18.2d, #0\n\t"
			 "movi v19.2d, #0\n\tmovi v20.2d, #0\n\tmovi v21.2d, #0\n\t"
			 "movi v22.2d, #0\n\tmovi v23.2d, #0\n\tmovi v24.2d, #0\n\t"
			 "movi v25.2d, #0\n\tmovi v26.2d, #0\n\tmovi v27.2d, #0\n\t"
			 "movi v28.2d, #0\n\tmovi v29.2d, #0\n\tmovi v30.2d, #0\n\t"
			 "movi v31.2d, #0" ::
			     : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18",
			       "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
			       "v29", "v30", "v31");
}

#else

void xt_registers_wipe(void)
{
}

#endif
