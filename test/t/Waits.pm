# The waits that a scan can be in, each made to last for an hour, but a minute where
# the API asked for a pause, which may be no longer: for the test of what ends them,
# and for the benchmark of how fast.
package Waits;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;
use Xbb;

our @EXPORT = qw(waits_node waits_create waits_arm waits_disarm waits_reached waits_truth);

# A resolver that takes an hour for names that end in .hang.test.
my $slow_resolver = <<'END';
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int (*Resolver) (const char *, const char *, const struct addrinfo *, struct addrinfo **);

int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
{
	if (node && strstr(node, ".hang.test"))
	{
		sleep(3600);
		return EAI_AGAIN;
	}
	return ((Resolver) dlsym(RTLD_NEXT, "getaddrinfo")) (node, service, hints, result);
}
END

my $records = 35;

# count and sum(data_id) of each list: ids are consecutive
sub waits_truth
{
	my $sum = 0;

	$sum += 51200000 + $_ for 1 .. $records;
	return "$records $sum";
}

# A server whose resolver hangs for some names.
sub waits_node
{
	my ($name) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir();

	append_to_file("$dir/slow.c", $slow_resolver);
	system_or_bail('cc', '-shared', '-fPIC', '-o', "$dir/slow.so", "$dir/slow.c", '-ldl');
	$ENV{LD_PRELOAD} = "$dir/slow.so";
	return start_node($name);
}

# "at" is the request that hangs, "event" what is shown (17+), "requests" how
# many the simulator must have seen; "url" leads elsewhere.
my @waits = (
	{ name => 'resolve', url => 'http://crm.hang.test' },
	{ name => 'connect', simulator => [ '--mode', 'full' ], scheme => 'http' },
	{ name => 'tls', simulator => [ '--mode', 'silent' ], scheme => 'https' },
	{ name => 'first_byte', fault => { what => 'hang', at => 2 }, requests => 2 },
	{ name => 'body', fault => { what => 'hang-body', at => 2 }, requests => 2 },
	{ name => 'drip', fault => { what => 'drip', at => 2, ms => 5000 }, requests => 2 },
	{ name => 'backoff', fault => { what => 'status', code => 503, retry_after => 60, at => 'every' },
		requests => 1, event => 'XbbRetry' },
	{ name => 'rate_limit', options => { rate_limit => '0.0003' }, event => 'XbbRateLimit' },
	{ name => 'settle', options => { settle_time => '1h' }, new_records => 15, requests => 3, event => 'XbbSettle' },
);

sub waits_create
{
	my ($node) = @_;
	my $sql = '';

	for my $wait (@waits, { name => 'good' })
	{
		my $name = $wait->{name};
		my $corpid = $wait->{corpid} = "dingWait-$name-$$";
		my $url = $wait->{url} // sim_url();
		my %options = (corpid => $corpid, rate_limit => '0', page_size => '10', concurrency => '1',
			connect_timeout => '1h', request_timeout => '1h', %{ $wait->{options} // {} });

		$url = "$wait->{scheme}://127.0.0.1:" . start_simulator(@{ $wait->{simulator} }) if $wait->{simulator};
		sim($corpid, 'create', token => 't0ken', products => $records, width => 4);
		$options{base_url} = $url;
		$wait->{table} = $name eq 'good' ? 'good' : "wait_$name";
		$sql .= "CREATE SERVER $name FOREIGN DATA WRAPPER xbb_fdw OPTIONS ("
		  . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ');'
		  . "CREATE USER MAPPING FOR PUBLIC SERVER $name OPTIONS (token 't0ken');"
		  . "CREATE FOREIGN TABLE $wait->{table} (data_id bigint) SERVER $name OPTIONS (object 'product');\n";
	}
	$node->safe_psql('postgres', $sql);
	return @waits;
}

# Makes the next scans hang.
sub waits_arm
{
	my ($admin, @armed) = @_;

	for my $wait (@armed)
	{
		sim($wait->{corpid}, 'clear', what => 'all');
		sim($wait->{corpid}, 'add', n => $wait->{new_records}) if $wait->{new_records};
		sim($wait->{corpid}, 'fault', %{ $wait->{fault} }) if $wait->{fault};
	}
	return;
}

sub waits_disarm
{
	my ($admin, @armed) = @_;

	sim($_->{corpid}, 'clear', what => 'all') for @armed;
	return;
}

# True once the backend is in its wait and, from PostgreSQL 17 on, says so.
sub waits_reached
{
	my ($admin, $wait, $pid) = @_;
	my $version = $admin->{version} //= $admin->value('SHOW server_version_num');
	my $event = $version < 170000 ? 'Extension' : $wait->{event} // 'XbbHttp';
	my $seen = 0;

	return wait_until(
		sub {
			my $waiting = sim($wait->{corpid}, 'count') >= ($wait->{requests} // 0)
			  && $admin->value("SELECT coalesce(wait_event, '') FROM pg_stat_activity WHERE pid = $pid") eq $event;

			$seen = $waiting ? $seen + 1 : 0;
			return $seen >= 5;
		});
}

1;
