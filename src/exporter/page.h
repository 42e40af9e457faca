/* SPDX-License-Identifier: MIT */
/* The status page: one document, whose style and script are inside and named by their hash, so that
 * a browser runs nothing else. */
#ifndef XT_EXPORTER_PAGE_H
#define XT_EXPORTER_PAGE_H

#include <stddef.h>

/* The files of this folder (scripts/cmake/XtExporter.cmake). */
extern const char xt_embedded_page_css[], xt_embedded_page_html[], xt_embedded_page_js[];
extern const size_t xt_embedded_page_css_len, xt_embedded_page_html_len, xt_embedded_page_js_len;

/* text    of *len bytes
 * policy  of Content-Security-Policy */
struct xt_page {
	char *text, *policy;
	size_t len;
};

/* XT_E_NOMEM. Freed by xt_page_clear. */
int xt_page_make(struct xt_page *out);
void xt_page_clear(struct xt_page *page);

#endif
