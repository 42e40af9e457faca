/* Shared libraries that are loaded while running, so that a package needs none of them. */
#ifndef XT_PLATFORM_LIBRARY_H
#define XT_PLATFORM_LIBRARY_H

/* file: a name that the system finds in its own folders; NULL: not there. */
void *xt_library_load(const char *file);
void *xt_library_symbol(void *library, const char *name); /* NULL: not there */
void xt_library_unload(void *library);
/* The code of loaded libraries whose file name begins so is given back to the system, which reads
 * it again where it is run: a library's start touches far more of it than is used. */
void xt_library_trim(const char *prefix);

#endif
