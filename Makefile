# xbb_fdw: see README.md; ./check runs every test.
PG_CONFIG ?= pg_config

# two extensions from one library: the reader alone, and the sync over it
EXTENSION = xbb_fdw xbb_etl
MODULE_big = xbb_fdw
# srcdir is set by PGXS: here, or where the sources are in a build out of tree
OBJS = $(patsubst $(srcdir)/%.c,%.o,$(sort $(wildcard $(srcdir)/*.c $(srcdir)/src/*/*.c)))
DATA_built = $(EXTENSION:=--1.0.sql)
PGFILEDESC = "xbb_fdw - the XBB CRM's web API as foreign tables"

# The server's headers are not ours to mend: -isystem keeps their warnings out.
# Callbacks have the parameters the server gives them, used or not.  Only what
# SQL calls is exported (as 16 does by itself): names of ours cannot meet those
# of another extension in the same backend.
PG_CPPFLAGS = -Wall -Wextra -Wno-unused-parameter -isystem $(shell $(PG_CONFIG) --includedir-server) \
	-fvisibility=hidden '-DPGDLLEXPORT=__attribute__((visibility("default")))' \
	-I$(srcdir)/src $(shell pkg-config --cflags libcurl jansson zlib) -MMD -MP
SHLIB_LINK = $(shell pkg-config --libs libcurl jansson zlib)
EXTRA_CLEAN = $(OBJS:.o=.d) $(OBJS:.o=.bc.d) test/unit/test_*.o

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# VPATH finds objects, too: those of another build would be taken for made
ifneq ($(abspath $(srcdir)),$(CURDIR))
ifneq ($(wildcard $(srcdir)/*.o $(srcdir)/src/*/*.o),)
$(error a build out of tree wants sources alone: run make clean in $(srcdir))
endif
endif

# bitcode has headers of its own to note: in the object's file they would stand instead
BITCODE_CFLAGS += -MF $@.d

# objects go where the build is: by its whole name, or VPATH would find the sources' folder
FOLDERS = $(addprefix $(CURDIR)/,$(sort $(dir $(OBJS))))
$(OBJS) $(OBJS:.o=.bc): | $(FOLDERS)
$(FOLDERS):
	mkdir -p $@

-include $(OBJS:.o=.d) $(OBJS:.o=.bc.d)

# a script is its parts, in the order that PARTS names them
.SECONDEXPANSION:
$(DATA_built): %--1.0.sql: $(srcdir)/script/%/PARTS $$(addprefix $(srcdir)/script/$$*/,$$(shell cat $(srcdir)/script/$$*/PARTS))
	cat $(filter %.sql,$^) >$@
