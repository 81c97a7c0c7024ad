# A month of runs: what meets with others in the target is done again; many changes go in
# pieces that stay; a run that is switched off ends between them; and an idle run leaves no dead
# row, nor a session that stays more memory.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use Xbb;

my $corpid = "dingSyncMonth-$$";
my $node = start_node('sync_month', "autovacuum = off\n");

sim($corpid, 'create', token => 't0ken', products => 20_000, width => 3);
$node->safe_psql('postgres', qq{
	CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', settle_time '0', request_timeout '1h');
	CREATE USER MAPPING FOR CURRENT_ROLE SERVER crm OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, number numeric OPTIONS (attr 'num_1'))
		SERVER crm OPTIONS (object 'product');
	SELECT xbb.create_sync('copy', source => 'source', overlap => '10s');
});

my $etl = Xbb::Session->new($node);
my $admin = Xbb::Session->new($node);

sub run_ends { return $admin->value('SELECT status FROM xbb.sync_run ORDER BY id DESC LIMIT 1'); }

sub touch
{
	my ($ids) = @_;

	# what came before is behind the overlap
	sim($corpid, 'clock', advance => 3600);
	sim($corpid, 'touch', id => $ids, '{"num_1": ' . int(rand(1_000_000)) . '}');
}

# a window of a first load under way, and the sync is switched off
sim($corpid, 'hold', at => 120);
ok(held($corpid, $etl->send(q{CALL xbb.sync('copy')})), 'a first load is under way');
$admin->run(q{SELECT xbb.alter_sync('copy', enabled => false)});
sim($corpid, 'release');
my $end = $etl->result;
is($end->{error}, '', 'a run whose sync is switched off is no failure');
is(run_ends(), 'stopped', '... and says so');
my $part = $admin->value('SELECT count(*) FROM copy');
ok($part > 0 && $part < 20_000, "... and keeps what it had loaded: $part");
is($admin->run(q{CALL xbb.sync('copy')})->{sqlstate}, '00000', 'a job of it is green, too');
is($admin->value('SELECT count(*) FROM copy'), $part, '... and loads nothing');
$admin->run(q{SELECT xbb.alter_sync('copy', enabled => true)});
$etl->run(q{CALL xbb.sync('copy')});
is($admin->value('SELECT count(*) FROM copy'), 20_000, 'switched on it goes on');

# behind an outage
for my $hour (0 .. 3)
{
	touch(join(',', map { 51200001 + $hour + 4 * $_ } 0 .. 4999));
}
sim($corpid, 'clock', advance => 60);
sim($corpid, 'clear', what => 'all');
sim($corpid, 'hold', at => 180);
my $since = $admin->value('SELECT max(update_time) FROM copy');
ok(held($corpid, $etl->send(q{CALL xbb.sync('copy')})), '20,000 changes are being read');
$part = $admin->value("SELECT count(*) FROM copy WHERE update_time > '$since'");
ok($part > 0 && $part < 20_000, "... and a part of them is here: $part");
$admin->run("SELECT pg_terminate_backend($etl->{pid})");
$etl->quit;
sim($corpid, 'clear', what => 'all');
$etl = Xbb::Session->new($node);
is($etl->run(q{CALL xbb.sync('copy')})->{error}, '', 'behind a kill');
is($admin->value("SELECT count(*) FROM copy WHERE update_time > '$since'"), 20_000, '... the rest comes');
is($admin->value('SELECT updated FROM xbb.sync_run ORDER BY id DESC LIMIT 1'), 20_000 - $part, '... and not what was here');

# others at work in the target
sub meet
{
	my ($settings, $meanwhile) = @_;

	touch('51200001,51200002,51200003');
	$etl->run($settings);
	$admin->run('BEGIN');
	$admin->run('UPDATE copy SET number = 0 WHERE data_id = 51200002');
	$etl->send(q{CALL xbb.sync('copy')});
	$meanwhile->();
	$admin->run('COMMIT');
	my $met = $etl->result;
	$etl->run('RESET ALL');
	is($admin->value('SELECT count(*) FROM copy c JOIN source s USING (data_id, number) WHERE data_id <= 51200003'), 3, 'all is loaded');
	return $met->{error};
}

sub waits
{
	wait_until(sub { $admin->value("SELECT cardinality(pg_blocking_pids($etl->{pid})) > 0") eq 't' }) or die 'no lock is awaited';
}

$admin->run(q{SET deadlock_timeout = '1h'});
is(meet(q{SET deadlock_timeout = '500ms'}, sub {
	waits();
	$admin->run('UPDATE copy SET number = 0 WHERE data_id IN (51200001, 51200003)');
}), '', 'a deadlock is met with another try');
$etl->run('SELECT pg_stat_force_next_flush()');
is($admin->value('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'), 1, '... which there was');
is(meet(q{SET lock_timeout = '300ms'}, sub { waits(); sleep(.4) }), '', 'a lock that is long in coming, too');
is(meet(q{SET default_transaction_isolation = 'repeatable read'}, \&waits), '', 'and a row that another transaction has changed');

# idle
sub dead
{
	$etl->run('SELECT pg_stat_force_next_flush()');
	return $etl->value(q{SELECT coalesce(sum(n_tup_upd + n_tup_del), 0) FROM pg_stat_all_tables WHERE schemaname IN ('xbb', 'pg_catalog')});
}

sub memory { return $etl->value('SELECT sum(used_bytes) FROM pg_backend_memory_contexts'); }

sub idle
{
	my ($runs) = @_;

	$etl->run(q{CALL xbb.sync('copy')}) for 1 .. $runs;
}

sim($corpid, 'clock', advance => 3600);
idle(20);
is($admin->value(q{SELECT requests || ' ' || inserted + updated FROM xbb.sync_run ORDER BY id DESC LIMIT 1}), '1 0', 'an idle run');
dead();
my ($rows, $bytes) = (dead(), memory());
idle(long_run(300, 10_000));
my $growth = memory() - $bytes;
is(dead() - $rows, 0, 'idle runs leave no dead row');
cmp_ok($growth, '<', 64 * 1024, "and the session no larger: $growth bytes");

$etl->quit;
$admin->quit;
$node->stop;
sim($corpid, 'remove');
done_testing();
