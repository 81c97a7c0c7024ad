# A killed server costs a sync no record: after kill -9 of the whole server at
# random moments of a running sync the watermark is never ahead of the rows, a
# first load goes on where it was, and the next run makes target = source.
#
# A moment is a request, at which the simulator holds the run, and for every third
# kill a while after that one went on.  What must hold then holds at every moment,
# also when the run has ended already.
#
# Every other run has synchronous_commit off, and may lose its last commits: whole ones,
# the row of the log that says that it began, too.
#
# XBB_LONG=1 makes it 200 kills and 60,000 records; XBB_SEED the moments.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Xbb;

my $kills = long_run(10, 200);
my $records = long_run(30_000, 60_000);
my $first_load = $records / 100;    # requests, and some more for what is counted
my $corpid = "dingSyncKill-$$";
my $seed = int($ENV{XBB_SEED} // time);
my $node = start_node('sync_kill');

srand($seed);
note("XBB_SEED=$seed");

sub source_lines
{
	return split(/\n/, sim($corpid, 'dump', form => 'csv', cols => 'dataId,updateTime'));
}

sub target_lines
{
	return split(/\n/, $node->safe_psql('postgres',
		q{SELECT data_id || ',' || extract(epoch FROM update_time)::bigint FROM target ORDER BY data_id}));
}

sim($corpid, 'create', token => 't0ken', products => $records, width => 3);
$node->safe_psql('postgres', qq{
	CREATE SERVER sync_kill FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', settle_time '1s', request_timeout '1h');
	CREATE USER MAPPING FOR PUBLIC SERVER sync_kill OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz)
		SERVER sync_kill OPTIONS (object 'product');
	SELECT xbb.create_sync('copy', 'source', 'target', '{data_id}', overlap => '10s');
});

# the request to strike at: of the first load, well in its middle to begin with, or of a run
# for what is new
sub moment
{
	my ($kill, $loaded) = @_;

	return int($first_load * (.45 + rand(.5))) if $kill == 1;
	return 1 + int(rand($loaded ? 10 : $first_load * .6));
}

my ($twice, $ahead, $lost, $partial, $struck, $over, $killed, $loaded) = (0, 0, 0, 0, 0, 0, 0, 0);
for my $kill (1 .. $kills)
{
	my $off = $kill % 2 == 0;
	my $run = Xbb::Session->new($node, options => '-c synchronous_commit=' . ($off ? 'off' : 'on'));
	my $later = $kill % 3 == 0;

	sim($corpid, 'clear', what => 'all');
	sim($corpid, 'hold', at => moment($kill, $loaded));
	my $held = held($corpid, $run->send(q{CALL xbb.sync('copy')}));
	if ($held && $later)
	{
		sim($corpid, 'release');
		sleep(rand(.1));
	}
	kill_server($node);
	$run->quit;
	$node->start;

	my $last = $node->safe_psql('postgres', q{SELECT status FROM xbb.sync_run ORDER BY id DESC LIMIT 1});
	$over += !$held;
	$struck += $held && !$later && !$off;
	$killed += $held && !$later && !$off && $last eq 'killed';
	$lost += $last ne 'killed' && $last ne 'succeeded';
	my $watermark = $node->safe_psql('postgres',
		q{SELECT coalesce(extract(epoch FROM watermark)::bigint, 0) FROM xbb.sync_definition});
	my @target = target_lines();
	my %target = map { $_ => 1 } @target;
	$twice += @target - keys %{ { map { /^(\d+)/ => 1 } @target } };
	$ahead += grep { my (undef, $time) = split /,/; $time <= $watermark && !$target{$_} } source_lines();
	$loaded = $node->safe_psql('postgres', q{SELECT loading_until IS NULL AND watermark IS NOT NULL FROM xbb.sync_definition}) eq 't';
	$partial += %target && !$loaded;
	# what comes later is new to the watermark
	sim($corpid, 'clock', advance => 2);
	sim($corpid, 'touch', id => join(',', map { 51200001 + int(rand($records)) } 1 .. 200), '{"num_1": 1}');
	sim($corpid, 'add', n => 50);
	$records += 50;
}
note("of $kills kills, $struck struck at a request, $over after the run, $partial left a part of the first load");
is($ahead, 0, 'the watermark never was ahead of the rows');
is($twice, 0, 'no record was there twice');
is($lost, 0, 'a run shows as killed, or it was over');
cmp_ok($struck, '>', 0, 'runs were struck while they ran');
is($killed, $struck, '... and each shows as killed');
cmp_ok($partial, '>', 0, 'the first load was struck in its middle');

sim($corpid, 'clear', what => 'all');
$node->safe_psql('postgres', q{CALL xbb.sync('copy')});
is_deeply([ target_lines() ], [ source_lines() ], 'the next run makes target = source');
is($node->safe_psql('postgres', q{SELECT status FROM xbb.sync_run ORDER BY id DESC LIMIT 1}), 'succeeded', 'and says so');
$node->safe_psql('postgres', q{CALL xbb.sync('copy')});

# definitions and watermarks are dumped, the log is not
my $dump = '';
IPC::Run::run([ 'pg_dump', '-d', $node->connstr('postgres') ], '>', \$dump);
like($dump, qr/COPY xbb\._sync_definition .*\n\d+\tcopy\t/, 'pg_dump keeps the definition');
unlike($dump, qr/COPY xbb\._sync_run_log/, 'and not the log');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
IPC::Run::run([ 'psql', '-Xq', '-d', $node->connstr('restored') ], '<', \$dump, '>', \my $restored, '2>', \my $errors);
is($errors, '', 'the dump goes in without an error');
is($node->safe_psql('restored', q{SELECT string_agg(extname, ', ' ORDER BY extname) FROM pg_extension WHERE extname ^@ 'xbb'}),
	'xbb_etl, xbb_fdw', 'with both extensions');
is($node->safe_psql('restored', q{SELECT name, source, target, watermark IS NOT NULL FROM xbb.sync_definition}),
	'copy|source|target|t', 'a restored sync knows its tables and its watermark');
$node->safe_psql('restored', q{SELECT xbb.activate(); CALL xbb.sync('copy')});
is($node->safe_psql('restored', q{SELECT status, inserted FROM xbb.sync_run}), 'succeeded|0', 'and goes on');

# a run with nothing new writes no WAL for the target; what has no transaction id is
# vacuum and pruning, which come when they like
sub records_for_target
{
	my ($from, $to) = @_;

	return $node->safe_psql('postgres', qq{
		SELECT count(*) FROM pg_get_wal_records_info('$from', '$to')
		WHERE xid <> '0' AND block_ref ~ format('/(%s|%s)([^0-9]|\$)', pg_relation_filenode('target'),
			pg_relation_filenode('target_pkey'))});
}

sub position { return $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()'); }

$node->safe_psql('postgres', 'CREATE EXTENSION pg_walinspect');
my $before = position();
$node->safe_psql('postgres', q{CALL xbb.sync('copy')});
my $between = position();
$node->safe_psql('postgres', 'UPDATE target SET serial_no = serial_no WHERE data_id = 51200001');
my $after = position();
is($node->safe_psql('postgres', q{SELECT inserted + updated FROM xbb.sync_run ORDER BY id DESC LIMIT 1}), '0', 'nothing new');
is(records_for_target($before, $between), '0', 'and no WAL for the target');
cmp_ok(records_for_target($between, $after), '>', 0, 'where an update would show');

$node->stop;
sim($corpid, 'remove');
done_testing();
