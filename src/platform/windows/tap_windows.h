/* SPDX-License-Identifier: MIT */
/* What TAP-Windows6 (and its forerunner) is asked, as bytes: component identifiers, control codes
 * and their arguments. Pure, so that it is tested on any system. */
#ifndef XT_PLATFORM_TAP_WINDOWS_H
#define XT_PLATFORM_TAP_WINDOWS_H

#include <xtunnel/types.h>

/* CTL_CODE(FILE_DEVICE_UNKNOWN, request, METHOD_BUFFERED, FILE_ANY_ACCESS) */
#define XT_TAP_CODE(request) (0x22u << 16 | (request) << 2)
#define XT_TAP_GET_VERSION   XT_TAP_CODE(2u)
#define XT_TAP_GET_MTU	     XT_TAP_CODE(3u)
#define XT_TAP_SET_MEDIA     XT_TAP_CODE(6u)
#define XT_TAP_CONFIG_TUN    XT_TAP_CODE(10u)

/* Network adapters in the registry, below HKEY_LOCAL_MACHINE: one key a driver's instance, with its
 * ComponentId and NetCfgInstanceId (a GUID); one a connection, with its Name. */
#define XT_TAP_CLASS	   "{4D36E972-E325-11CE-BFC1-08002BE10318}"
#define XT_TAP_ADAPTERS	   "SYSTEM\\CurrentControlSet\\Control\\Class\\" XT_TAP_CLASS
#define XT_TAP_CONNECTIONS "SYSTEM\\CurrentControlSet\\Control\\Network\\" XT_TAP_CLASS

/* ComponentId: tap0901, tap0801, or one of them behind "root\"; upper and lower case are equal. */
bool xt_tap_component(const char *id);
/* "{8-4-4-4-12 hexadecimal digits}": it becomes part of a path. */
bool xt_tap_guid(const char *guid);
/* \\.\Global\GUID.tap. false: it does not fit. */
bool xt_tap_path(char *out, size_t n, const char *guid);

/* The driver has TUN mode from version 8.2 on. version: the three numbers of GET_VERSION. */
bool xt_tap_version(const uint32_t version[3]);
/* The argument of CONFIG_TUN: the local address, network and mask, each as on the wire. The driver
 * answers ARP for what is in the network, except for the local address. Routes through the
 * interface may lead anywhere, so the network is all addresses. local NULL: not known yet. */
void xt_tap_tun_put(uint8_t out[12], const struct xt_ip *local);
/* The argument of SET_MEDIA. */
void xt_tap_media_put(uint8_t out[4], bool connected);

/* The TAP adapter of that index, if it is one of this process, gets its IPv4 address: the link
 * calls it when it has set one. -errno. */
int xt_tap_address_set(unsigned ifindex, const struct xt_ip *local);

#endif
