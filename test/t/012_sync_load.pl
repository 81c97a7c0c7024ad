# A first load of any size goes window by window: its memory does not grow with the
# list, and after kill -9 of the whole server it goes on where it was.
#
# XBB_LONG=1 makes it 1,000,000 records.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use Xbb;

my $records = long_run(30_000, 1_000_000);
my $corpid = "dingSyncLoad-$$";
my $node = start_node('sync_load');

# Starts a run, and calls the function with its backend's pid until it says no more or
# the run ends.
sub run_while
{
	my ($function) = @_;
	my ($out, $err) = ('', '');
	my $run = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres'), '-c', 'SELECT pg_backend_pid()',
			'-c', q{CALL xbb.sync('copy')} ], '<', \undef, '>', \$out, '2>', \$err);
	my $more = 1;

	wait_until(sub { $run->pump_nb; $out =~ /^\d+\n/ }) or die "no backend: $err";
	while ($more && $run->pumpable)
	{
		$run->pump_nb;
		$more = $function->($out + 0);
		sleep(.02);
	}
	return ($run, \$err);
}

# What a process has for itself, kB.
sub memory
{
	my ($pid) = @_;

	open(my $status, '<', "/proc/$pid/status") or return 0;
	my ($size) = join('', <$status>) =~ /^RssAnon:\s+(\d+)/m;
	return $size // 0;
}

sub rows { return $node->safe_psql('postgres', 'SELECT count(*) FROM target'); }

sim($corpid, 'create', token => 't0ken', products => $records, width => 10);
$node->safe_psql('postgres', qq{
	CREATE SERVER sync_load FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', settle_time '1s');
	CREATE USER MAPPING FOR PUBLIC SERVER sync_load OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz,
		name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'))
		SERVER sync_load OPTIONS (object 'product');
	SELECT xbb.create_sync('copy', 'source', 'target', '{data_id}', overlap => '10s');
});

my $peak = 0;
my $looks = 0;
my ($run) = run_while(sub {
		my $size = memory($_[0]);

		$peak = $size if $size > $peak;
		return $looks++ % 25 != 0 || rows() < $records * .4;
	});
ok($run->pumpable, 'the first load is under way');
kill_server($node);
$run->finish;
$node->start;

my $kept = rows();
cmp_ok($kept, '>=', $records * .4, 'what was committed is there');
my $err;
($run, $err) = run_while(sub {
		my $size = memory($_[0]);

		$peak = $size if $size > $peak;
		return 1;
	});
$run->finish;
is($$err, '', 'the next run succeeds');

my ($requests, $inserted) = split(/\|/, $node->safe_psql('postgres',
	q{SELECT requests, inserted FROM xbb.sync_run WHERE status = 'succeeded'}));
is($inserted, $records - $kept, 'it goes on where the killed one was');
cmp_ok($requests, '<', ($records - $kept) / 100 * 1.25 + 60, 'and asks for no more than the rest');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT data_id), min(data_id), max(data_id) FROM target'),
	join('|', $records, $records, 51200001, 51200000 + $records), 'target = source');
cmp_ok($peak, '<', 48 * 1024, 'in bounded memory');
note("$kept rows were kept, $requests requests for the other $inserted, $peak kB of memory at most");

$node->stop;
sim($corpid, 'remove');
done_testing();
