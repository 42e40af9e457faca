# SPDX-License-Identifier: MIT
# XT_CURSES: the screen of `xtunnel top`, by ncurses with wide characters.
#   AUTO  where it is   ON  it must be there   OFF  left out: top prints lines alone
# Sets CURSES_FOUND.
set(XT_CURSES AUTO CACHE STRING "Screen of top: AUTO, ON or OFF")
set_property(CACHE XT_CURSES PROPERTY STRINGS AUTO ON OFF)

set(xt_curses)
if(XT_CURSES STREQUAL "ON")
    pkg_check_modules(CURSES REQUIRED IMPORTED_TARGET ncursesw)
elseif(XT_CURSES)
    pkg_check_modules(CURSES IMPORTED_TARGET ncursesw)
else()
    set(CURSES_FOUND OFF)
endif()
xt_static_check(CURSES XT_CURSES)
if(CURSES_FOUND)
    set(xt_curses PkgConfig::CURSES)
endif()
