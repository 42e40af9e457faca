# Man pages: docs/man/*.scd
