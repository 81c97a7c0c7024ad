# A reconciliation, a full run or a retry that meets a run of its sync waits for its end, a
# minute at most, and keeps nothing open meanwhile; an ordinary run leaves it to the other.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $corpid = "dingSyncWait-$$";
my $node = start_node('sync_wait', 'log_min_messages = fatal');

sim($corpid, 'create', token => 't0ken', products => 300, width => 4, freeze => 'on');
$node->safe_psql('postgres', qq{
	CREATE ROLE etl LOGIN;
	GRANT CREATE ON SCHEMA public TO etl;
	CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', request_timeout '1h', max_retries '0');
	GRANT USAGE ON FOREIGN SERVER crm TO etl;
	CREATE USER MAPPING FOR etl SERVER crm OPTIONS (token 't0ken');
	SET ROLE etl;
	CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER crm OPTIONS (object 'product');
	SELECT xbb.create_sync('copy', source => 'source', target => 'copy');
});

my $first = Xbb::Session->new($node, user => 'etl');
my $other = Xbb::Session->new($node, user => 'etl');
my $watcher = Xbb::Session->new($node, user => 'etl');

sub log_of { return $watcher->value(q{SELECT string_agg(task || ' ' || status, ', ' ORDER BY id) FROM xbb.sync_run WHERE id > } . $_[0]); }
sub last_run { return $watcher->value('SELECT coalesce(max(id), 0) FROM xbb.sync_run'); }
sub waits { return wait_until(sub { $node->safe_psql('postgres', "SELECT wait_event FROM pg_stat_activity WHERE pid = $other->{pid}") eq 'PgSleep' }); }

# A run that waits for the API; its session is $first.
sub held_run
{
	sim($corpid, 'hold', at => 1);
	ok(held($corpid, $first->send(q{CALL xbb.sync('copy')})), 'a run is under way');
	return;
}

$first->run(q{CALL xbb.sync('copy')});

for my $task (['reconcile', q{reconcile('copy')}], ['reconcile full', q{reconcile('copy', full => true)}],
	['sync full', q{sync('copy', full => true)}], ['retry_rejects', q{retry_rejects('copy')}])
{
	my ($name, $call) = @$task;
	my $before = last_run();

	held_run();
	$other->send("CALL xbb.$call");
	ok(waits(), "$name waits");
	like($watcher->run(q{CALL xbb.sync('copy')})->{error}, qr/sync copy is running already/, 'an ordinary run does not');
	my $xact = "SELECT xact_start FROM pg_stat_activity WHERE pid = $other->{pid}";
	my $began = $node->safe_psql('postgres', $xact);
	ok(wait_until(sub { $node->safe_psql('postgres', $xact) ne $began && waits() }), "$name begins transactions anew");
	sim($corpid, 'release');
	is($first->result->{error}, '', 'the run ends');
	is($other->result->{error}, '', "$name runs then");
	is(log_of($before), "sync succeeded, sync skipped, $name succeeded", 'and was not skipped');
}

# not within a transaction, which would stay open
my $before = last_run();
held_run();
$other->run('BEGIN');
like($other->run(q{CALL xbb.reconcile('copy')})->{error}, qr/sync copy is running already/, 'in a transaction it is skipped at once');
$other->run('COMMIT');
# a cancel ends the waiting, and is a failure
$other->send(q{CALL xbb.reconcile('copy')});
ok(waits(), 'a second one waits');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($other->{pid})");
like($other->result->{error}, qr/canceling statement due to user request/, 'until it is cancelled');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE pid = $other->{pid}"), '0', 'and holds nothing');
# and so does the end of its patience; the job succeeds, and the status tells
$node->safe_psql('postgres', q{
	DO $$ BEGIN EXECUTE replace(pg_get_functiondef('xbb._sync_limits'::regproc),
		'''00:01:00''::interval AS "interval";', '''00:00:02''::interval AS "interval";'); END $$});
my $hasty = Xbb::Session->new($node, user => 'etl');
like($hasty->run(q{CALL xbb.reconcile('copy')})->{error}, qr/NOTICE: .*sync copy is running already/, 'in the end it is skipped');
like($watcher->value(q{SELECT problem FROM xbb.sync_status}),
	qr/^the latest reconciliation was skipped, as another run was at work: CALL xbb.reconcile\('copy'\);/, 'which the status tells');
sim($corpid, 'release');
$first->result;
is(log_of($before), 'sync succeeded, reconcile skipped, reconcile failed, reconcile skipped', 'as does the log');
$other->run(q{CALL xbb.reconcile('copy')});
is($watcher->value(q{SELECT problem IS NULL AND failures_in_a_row = 0 FROM xbb.sync_status}), 't', 'until one has run');

$_->quit for ($first, $other, $watcher, $hasty);
sim($corpid, 'remove');
done_testing();
