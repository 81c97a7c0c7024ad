# One run of a sync at a time, and no more than that: the lock is the run's as long as
# it lives, whatever ends it, and nobody else's.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $corpid = "dingSyncLock-$$";
my $node = start_node('sync_lock', "max_wal_senders = 2\nwal_level = replica\nlog_min_messages = fatal");

sim($corpid, 'create', token => 't0ken', products => 300, width => 4, freeze => 'on');
$node->safe_psql('postgres', qq{
	CREATE ROLE etl LOGIN;
	CREATE ROLE intern LOGIN;
	GRANT CREATE ON SCHEMA public TO etl;
	CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', request_timeout '1h', max_retries '0');
	GRANT USAGE ON FOREIGN SERVER crm TO etl;
	CREATE USER MAPPING FOR etl SERVER crm OPTIONS (token 't0ken');
	SET ROLE etl;
	CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz) SERVER crm OPTIONS (object 'product');
	SELECT xbb.create_sync('copy', source => 'source', target => 'copy');
	SELECT xbb.create_sync('steps', source => 'source', target => 'steps', chunk => '10 years');
});

my $etl = Xbb::Session->new($node, user => 'etl');
my $other = Xbb::Session->new($node, user => 'etl');
my $intern = Xbb::Session->new($node, user => 'intern');

sub status { return $other->value(q{SELECT status FROM xbb.sync_run ORDER BY id DESC LIMIT 1}); }

# what a session holds beyond its statement
sub locks_of
{
	my ($session) = @_;

	return $node->safe_psql('postgres',
		"SELECT count(*) FROM pg_locks WHERE pid = $session->{pid} AND locktype IN ('object', 'advisory')");
}

# whatever a stranger may lock is not it
$intern->run(q{SELECT pg_advisory_lock(hashtext('xbb.sync'), hashtext('copy'))});
is($etl->run(q{CALL xbb.sync('copy')})->{error}, '', 'an advisory lock of somebody else stops nothing');
is(status(), 'succeeded', 'the run is one');
like($intern->run(q{SELECT xbb._sync_lock(1, true)})->{error}, qr/not a sync of role intern/, 'the function is the owner\'s');
is(locks_of($etl), '0', 'after a run nothing is locked');

# as long as a run lives, over its COMMITs, it is the only one
sim($corpid, 'hold', at => 4);
ok(held($corpid, $etl->send(q{CALL xbb.sync('steps')})), 'a run by steps has committed, and waits');
is($node->safe_psql('postgres', qq{
	SELECT locktype, mode, classid::regclass, pid = $etl->{pid} FROM pg_locks
	WHERE locktype = 'object' AND classid = 'xbb._sync_definition'::regclass}),
	'object|ExclusiveLock|xbb._sync_definition|t', 'pg_locks shows who has it');
like($other->run(q{CALL xbb.sync('steps')})->{error}, qr/NOTICE: .*sync steps is running already/, 'a second one is told');
is(status(), 'skipped', 'and skipped');
is($other->value(q{SELECT status FROM xbb.sync_run WHERE sync = 'steps' ORDER BY id LIMIT 1}), 'running', 'the first one runs');
$other->run(q{CALL xbb.sync('copy')});
is(status(), 'succeeded', 'another sync is not concerned');

# a run that was ended is over at once
$node->safe_psql('postgres', "SELECT pg_terminate_backend($etl->{pid})");
ok(wait_until(sub { $etl->ended }), 'its backend is terminated');
ok(wait_until(sub { $other->value("SELECT count(*) FROM pg_stat_activity WHERE pid = $etl->{pid}") eq '0' }), 'and gone');
is($other->value(q{SELECT status FROM xbb.sync_run WHERE sync = 'steps' ORDER BY id LIMIT 1}), 'killed', 'it shows as killed');
sim($corpid, 'clear', what => 'all');
is($other->run(q{CALL xbb.sync('steps')})->{error}, '', 'the next run begins');
is(status(), 'succeeded', 'and ends');

# a query that began before the end of a run sees it as it was then
my $watcher = Xbb::Session->new($node, user => 'etl');
my $short = Xbb::Session->new($node, user => 'etl');
sim($corpid, 'hold', at => 1);
ok(held($corpid, $short->send(q{CALL xbb.sync('copy')})), 'a short run');
$watcher->run(q{BEGIN; DECLARE c CURSOR FOR SELECT status FROM xbb.sync_run WHERE sync = 'copy' ORDER BY id DESC LIMIT 1});
$watcher->run(q{DECLARE s CURSOR FOR SELECT failures_in_a_row, running_since IS NOT NULL FROM xbb.sync_status WHERE name = 'copy'});
sim($corpid, 'release');
is($short->result->{sqlstate}, '00000', 'has ended');
is($watcher->value('FETCH c'), 'running', 'a query that began before sees it running');
is($watcher->value('FETCH s'), '0|t', 'and no failure');
$_->quit for $watcher, $short;

# whenever a run is cancelled, the lock is free
my ($cancelled, $left, $skipped, $open) = (0, 0, 0, 0);
for my $milliseconds (1 .. 75, map { 2 * $_ } 1 .. 45)
{
	my $session = Xbb::Session->new($node, user => 'etl');

	$session->run("SET statement_timeout = $milliseconds");
	$cancelled += $session->run(q{CALL xbb.sync('copy')})->{sqlstate} eq '57014';
	$left += locks_of($session);
	$other->run(q{CALL xbb.sync('copy')});
	$skipped += status() eq 'skipped';
	$open += $other->value(q{SELECT count(*) FROM xbb.sync_run WHERE status = 'running'});
	$session->quit;
}
note("$cancelled of 120 runs were cancelled");
is("$left $skipped $open", '0 0 0', '120 runs with a timeout: no lock left, no run skipped, none open');

# a run keeps its definition
$etl = Xbb::Session->new($node, user => 'etl');
$other->run(q{SELECT xbb.create_sync('twin', source => 'source', target => 'twin', chunk => '10 years')});
sim($corpid, 'hold', at => 4);
ok(held($corpid, $etl->send(q{CALL xbb.sync('twin')})), 'a run by steps waits');
like($other->run(q{SELECT xbb.drop_sync('twin')})->{error},
	qr/55006: .*sync twin is running.*alter_sync\('twin', enabled => false\)/s, 'its sync is not dropped meanwhile');
sim($corpid, 'release');
unlike($etl->result->{error}, qr/ERROR/, 'the run ends');
is($other->run(q{SELECT xbb.drop_sync('twin')})->{error}, '', 'and then it is dropped');

# in a transaction: to its end, and twice
$etl->run('BEGIN');
is($etl->run(q{CALL xbb.sync('copy')})->{error} . $etl->run(q{CALL xbb.sync('copy')})->{error}, '', 'two runs in one transaction');
$other->run(q{CALL xbb.sync('copy')});
is(status(), 'skipped', 'nobody else\'s meanwhile');
$etl->run('SAVEPOINT a');
sim($corpid, 'fault', what => 'code', code => 100001, msg => 'broken', times => 1);
is($etl->run(q{CALL xbb.sync('steps')})->{sqlstate}, 'HV000', 'a failure in it');
$etl->run('ROLLBACK TO a');
$other->run(q{CALL xbb.sync('steps')});
is(status(), 'succeeded', 'is over with its savepoint');
$etl->run('ROLLBACK');
is(locks_of($etl), '0', 'the rest with the transaction');

# a run that a run causes
$etl->run(q{
	CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN CALL xbb.sync('copy'); RETURN NULL; END $$;
	CREATE TRIGGER again AFTER INSERT ON copy FOR EACH STATEMENT EXECUTE FUNCTION again();
	TRUNCATE copy;
	SELECT xbb.drop_sync('copy');
	SELECT xbb.create_sync('copy', source => 'source', target => 'copy')});
like($etl->run(q{CALL xbb.sync('copy')})->{error}, qr/NOTICE: .*is running already/, 'a trigger that calls its own sync');
is($other->value(q{SELECT string_agg(status, ' ' ORDER BY id) FROM xbb.sync_run WHERE sync = 'copy'}), 'succeeded skipped',
	'is kept out');
is(locks_of($etl), '0', 'and leaves no lock');

$etl->run('DROP TRIGGER again ON copy');

# on a standby nothing runs, and what runs elsewhere is not dead
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
sim($corpid, 'hold', at => 1);
ok(held($corpid, $etl->send(q{CALL xbb.sync('copy')})), 'a run on the primary');
$node->wait_for_catchup($standby, 'replay');
is($standby->safe_psql('postgres', q{SELECT status FROM xbb.sync_run ORDER BY id DESC LIMIT 1}), 'running', 'it runs for the standby, too');
my $reader = Xbb::Session->new($standby, user => 'etl');
my $tasks = q{SELECT name, state, complete_until, max_age, last_started, last_success, typical_duration, last_rows, failures_in_a_row, last_error_at,
	problems, xbb.complete_until(array[name]) FROM xbb.task_status ORDER BY name};
is(join("\n", @{ $reader->run($tasks)->{rows} }), $node->safe_psql('postgres', $tasks), '... and its task is what it is on the primary');
like($reader->run(q{CALL xbb.sync('copy')})->{error}, qr/25006: .*cannot execute .* during recovery/, 'where none can be begun');
is($reader->value(q{SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('object', 'advisory')}), '0',
	'and no lock is left');
sim($corpid, 'release');
is($etl->result->{error}, '', 'the run ends');

# a setting that a run's end depends on is checked at once
for my $value ('for ever', '7 dayz', '-1 day', '-100 years', '100000 years', '')
{
	isnt($node->psql('postgres', "LOAD 'xbb_fdw'; SET xbb_fdw.log_retention = '$value'"), 0, "log_retention '$value' is refused");
}
is($node->psql('postgres', "LOAD 'xbb_fdw'; SET xbb_fdw.log_retention = '1 year 2 mons 3 days 04:05'"), 0, 'an interval is not');
like($other->run("SET xbb_fdw.log_retention = '0'")->{error}, qr/42501/, 'and only a superuser shortens the log');

# two that give a sync functions at once, of other arguments each, leave it those of one
my $copy = $node->safe_psql('postgres', q{SELECT id FROM xbb.sync_definition WHERE name = 'copy'});
my @arguments = ('data_id bigint', 'data_id bigint, update_time timestamptz');
my @keep = map { "SELECT xbb._sync_function_keep($copy, array['pg_temp.given'::regproc]); SELECT 1" } @arguments;

$etl->run("CREATE FUNCTION pg_temp.given($arguments[0]) RETURNS TABLE (data_id bigint) LANGUAGE sql BEGIN ATOMIC SELECT \$1\; END");
$other->run("CREATE FUNCTION pg_temp.given($arguments[1]) RETURNS TABLE (data_id bigint) LANGUAGE sql BEGIN ATOMIC SELECT \$1\; END");
is($etl->run("BEGIN; $keep[0]")->{sqlstate}, '00000', 'one gives a sync functions');
$other->send($keep[1]);
ok(wait_until(sub {
	$other->ended || $node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE pid = $other->{pid} AND NOT granted") }),
	'another one waits');
$etl->run('COMMIT');
is($other->result->{sqlstate}, '00000', '... and is done after it');
is($node->safe_psql('postgres', "SELECT pronargs FROM pg_proc WHERE proname ~ '^_sync_$copy(_|\$)'"),
	'2', 'the functions are those of the second');

$_->quit for $etl, $other, $intern, $reader;
$standby->stop;
$node->stop;
sim($corpid, 'remove');
done_testing();
