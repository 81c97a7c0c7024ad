# A first load of any size goes window by window: its memory does not grow with the
# list, and after kill -9 of the whole server it goes on where it was.
#
# XBB_LONG=1 makes it 1,000,000 records.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use Xbb;

my $records = long_run(30_000, 1_000_000);
my $corpid = "dingSyncLoad-$$";
my $node = start_node('sync_load');

# What a process has for itself, kB.
sub memory
{
	my ($pid) = @_;

	open(my $status, '<', "/proc/$pid/status") or return 0;
	my ($size) = join('', <$status>) =~ /^RssAnon:\s+(\d+)/m;
	return $size // 0;
}

sub rows { return $node->safe_psql('postgres', 'SELECT count(*) FROM target'); }

my $peak = 0;

# Runs the sync up to the request given, looking at its memory; its session.
sub run_to
{
	my ($request) = @_;
	my $session = Xbb::Session->new($node);
	my $caught = 0;

	sim($corpid, 'hold', at => $request);
	$session->send(q{CALL xbb.sync('copy')});
	until ($caught || $session->ended)
	{
		my $size = memory($session->{pid});

		$peak = $size if $size > $peak;
		$caught = sim($corpid, 'held', name => 'hold');
		sleep(.02);
	}
	ok($caught, "a run is under way at its request $request");
	return $session;
}

sim($corpid, 'create', token => 't0ken', products => $records, width => 10);
$node->safe_psql('postgres', qq{
	CREATE SERVER sync_load FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', settle_time '1s', request_timeout '1h');
	CREATE USER MAPPING FOR PUBLIC SERVER sync_load OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz,
		name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'))
		SERVER sync_load OPTIONS (object 'product');
	SELECT xbb.create_sync('copy', 'source', 'target', '{data_id}', overlap => '10s');
});

# at a request that is far in its second half
my $run = run_to(int($records / 100 * .8));
my $committed = rows();
cmp_ok($committed, '>=', $records * .4, 'it commits what it has');
cmp_ok($committed, '<', $records, '... while more is to come');
kill_server($node);
$run->quit;
sim($corpid, 'release');
$node->start;

my $kept = rows();
is($kept, $committed, 'what was committed is there');
$run = run_to(int(($records - $kept) / 100 * .8));
sim($corpid, 'release');
my $result = $run->result(600);
is($result->{error}, '', 'the next run succeeds');
$run->quit;

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
