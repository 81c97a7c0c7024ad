# A clock that can be set, for programs that are started meanwhile, while the one that nobody
# sets goes on.
package Clock;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(clock_library set_clock);

my $dir;
my $source = <<'END';
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long
ahead(void)
{
	FILE	   *file = fopen(getenv("CLOCK_FILE"), "r");
	long		seconds = 0;

	if (file)
	{
		if (fscanf(file, "%ld", &seconds) != 1)
			seconds = 0;
		fclose(file);
	}
	return seconds;
}

int
gettimeofday(struct timeval *tv, void *tz)
{
	int			result = ((int (*) (struct timeval *, void *)) dlsym(RTLD_NEXT, "gettimeofday")) (tv, tz);

	tv->tv_sec += ahead();
	return result;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int			result = ((int (*) (clockid_t, struct timespec *)) dlsym(RTLD_NEXT, "clock_gettime")) (id, ts);

	if (id == CLOCK_REALTIME)
		ts->tv_sec += ahead();
	return result;
}
END

# What to put into LD_PRELOAD of who sees that clock; it is right until it is set.
sub clock_library
{
	$dir = PostgreSQL::Test::Utils::tempdir();
	append_to_file("$dir/clock.c", $source);
	system_or_bail('cc', '-shared', '-fPIC', '-o', "$dir/clock.so", "$dir/clock.c", '-ldl');
	$ENV{CLOCK_FILE} = "$dir/ahead";
	set_clock(0);
	return "$dir/clock.so";
}

# So many seconds ahead of the machine's clock, or behind.
sub set_clock
{
	my ($seconds) = @_;

	open(my $file, '>', "$dir/new") or die;
	print $file $seconds;
	close $file;
	rename("$dir/new", "$dir/ahead") or die;
	return;
}

1;
