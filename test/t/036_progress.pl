# xbb.progress as another session sees it: scans, runs and imports while the API is slow, what they
# wait for, and nothing of them afterwards, however they end.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Time::HiRes qw(sleep time);
use Xbb;

my $corpid = "dingProgress-$$";
my $node = start_node('progress', 'restart_after_crash = on');
my $watcher = Xbb::Session->new($node);
my $session = Xbb::Session->new($node);

# Columns of the row of a backend, '' if there is none.
sub seen
{
	my ($columns, $pid) = @_;

	return join(';', @{ $watcher->run("SELECT concat_ws('|', $columns) FROM xbb.progress WHERE pid = " . ($pid // $session->{pid}))->{rows} });
}

# Whatever is seen at a moment makes sense.
sub sane
{
	return $watcher->value(q{SELECT count(*) FROM xbb.progress WHERE windows_done > windows_total OR pages_done > pages_total
		OR rows_done > rows_total OR windows_done < 0 OR updated < started OR pages_done > requests_done OR eta < '0'
		OR eta IS NOT NULL AND pages_done < 3}) == 0;
}

# Looks again and again while the session's statement runs: what came into sight, in order.
sub watch
{
	my ($columns) = @_;
	my ($sane, @sights) = (1);

	until ($session->ended)
	{
		my $sight = seen($columns);

		$sane &&= sane();
		push @sights, $sight if $sight ne '' && (!@sights || $sights[-1] ne $sight);
		sleep 0.02;
	}
	return ($sane, @sights);
}

sim($corpid, 'create', token => 't0ken', products => 12_000, width => 3, freeze => 'on');
$session->run(qq{
	CREATE SERVER progress FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}', rate_limit '0', settle_time '1s');
	CREATE USER MAPPING FOR PUBLIC SERVER progress OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, name text OPTIONS (attr 'text_1'), update_time timestamptz) SERVER progress OPTIONS (object 'product');
	CREATE FOREIGN TABLE few (data_id bigint) SERVER progress OPTIONS (object 'product', concurrency '1');
	CREATE TABLE target (data_id bigint PRIMARY KEY, name text, update_time timestamptz);
	SELECT xbb.create_sync('progress', source => 'source', target => 'target');
});
$session->run('SELECT count(name) FROM source LIMIT 0');

# a scan whose first answer does not come, and then one of the later ones
sim($corpid, 'hold', at => 1);
$session->send('SELECT sum(data_id) FROM few');
ok(held($corpid, $session), 'a scan waits for its first answer');
is(seen(q{object, phase, method, coalesce(rows_total, -1), coalesce(eta::text, 'no eta'), wait_event, requests_done}),
	'product|asking|certified|-1|no eta|XbbHttp|0', '... and says so');
my $updated = seen('updated');
sim($corpid, 'hold', name => 'later', at => 40);
sim($corpid, 'release');
ok(held($corpid, $session, 'later'), 'it goes on to a later one');
like(seen('phase, rows_total, rows_done > 0, windows_total > 0, pages_total >= 120, bytes_done > 100000, wait_event'),
	qr/^certifying\|12000\|t\|t\|t\|t\|XbbHttp$/, '... with the totals of the API');
cmp_ok(seen('updated'), 'gt', $updated, '... each answer moves it on');
ok(sane(), '... as far as it is');
sim($corpid, 'release', name => 'later');
is($session->result->{sqlstate}, '00000', 'it ends');
is(seen('pid'), '', '... and is gone');

# what it waits for
$session->run("ALTER SERVER progress OPTIONS (SET rate_limit '0.01')");
$session->send('SELECT count(name) FROM source');
ok(wait_until(sub { seen('phase, wait_event') eq 'waiting for turn|XbbRateLimit' }), 'one that waits for its turn is seen to');
$watcher->run("SELECT pg_cancel_backend($session->{pid})");
is($session->result->{sqlstate}, '57014', 'it is cancelled');
is(seen('pid'), '', '... and gone');
$session->run("ALTER SERVER progress OPTIONS (SET rate_limit '0')");

# the first load of a sync, by windows, looked at all the time
sim($corpid, 'set', 'latency=20');
$session->send("CALL xbb.sync('progress')");
my ($sane, @sights) = watch(q{task, name, windows_done, windows_total, rows_done, coalesce(rows_total, -1)});
is($session->result->{sqlstate}, '00000', 'a sync');
ok($sane, '... always makes sense');
is(scalar(grep { !/^sync[|]progress[|]/ } @sights), 0, '... by its name') or diag(explain(\@sights));
my @rows = map { (split /[|]/)[-2] } grep { /^sync[|]progress(?:[|]\d+){4}$/ } @sights;   # what is not known yet is not shown
cmp_ok(scalar(@rows), '>=', 2, '... is seen at several moments');
is("@rows", join(' ', sort { $a <=> $b } @rows), '... its records become more') or diag(explain(\@sights));
is(scalar(grep { (split /[|]/)[-1] > 12_100 } @sights), 0, '... of those there are');
sim($corpid, 'set', 'latency=0');

# it waits for a lock of the target
sim($corpid, 'touch', id => '51200001,51200002');
$watcher->run('BEGIN; LOCK TABLE target IN EXCLUSIVE MODE');
$session->send("CALL xbb.sync('progress')");
ok(wait_until(sub { seen('phase, wait_event') eq 'writing|relation' }), 'a run that waits for another transaction while it writes is seen to') or diag(seen('phase, wait_event'));
is(seen('run_id = (SELECT max(id) FROM xbb.sync_run)'), 't', '... with the number of its run');
$watcher->run('COMMIT');
is($session->result->{sqlstate}, '00000', '... and goes on');

# a reconciliation counts the target's records
$session->run('DELETE FROM target WHERE data_id = 51206000');
sim($corpid, 'hold', at => 6);
$session->send("CALL xbb.reconcile('progress')");
ok(held($corpid, $session), 'a reconciliation waits for an answer');
is(seen('task, name, rows_total'), 'reconcile|progress|11999', '... of as many records as the target has');
ok(sane(), '... as far as it is');
sim($corpid, 'release');
is($session->result->{sqlstate}, '00000', '... and ends');
is(seen('pid'), '', '... and is gone');

# a verbose one tells every few seconds how far it is, also while nothing comes
sim($corpid, 'touch', id => '51200001,51200002');
sim($corpid, 'hold', at => 1);
my ($out, $err) = ('', '');
my $verbose = IPC::Run::start([ 'psql', '-Xq', '-d', $node->connstr('postgres'), '-c', "CALL xbb.sync('progress', verbose => true)" ], '>', \$out, '2>', \$err);
ok(wait_until(sub { sim($corpid, 'held') }), 'a verbose run waits for an answer');
ok(wait_until(sub { $verbose->pump_nb; $err =~ /^INFO:  sync progress: asking, 0 records, 0 requests, nothing new for \d+ s$/m }, 60), '... and tells so');
sim($corpid, 'release');
$verbose->finish;
like($err, qr/^INFO:  sync progress: \d+ read/m, '... and goes on') or diag($err);

# so does a push
my $told = "targetTold-$$";
target_create($told);
$session->run('CREATE TABLE told AS SELECT 1 AS id, 1 AS version;'
	. target_sql('telling', $told, q{id int OPTIONS (string 'true'), version int}, repeat => 'upsert', server => { request_timeout => '1h' })
	. q{SELECT xbb.create_push('told', source => 'told', target => 'telling', key => '{id}')});
sim($told, 'hold', at => 1, path => 'api/execute');
($out, $err) = ('', '');
$verbose = IPC::Run::start([ 'psql', '-Xq', '-d', $node->connstr('postgres'), '-c', "CALL xbb.push('told', verbose => true)" ], '>', \$out, '2>', \$err);
ok(wait_until(sub { sim($told, 'held') }), 'a verbose push waits for an answer');
ok(wait_until(sub { $verbose->pump_nb; $err =~ /^INFO:  push told: sending, 0 of 1 records, \d requests, nothing new for \d+ s$/m }, 60), '... and tells so') or diag($err);
sim($told, 'release');
$verbose->finish;
like($err, qr/^INFO:  push told: 1 new, 1 acknowledged/m, '... and goes on') or diag($err);

# an import
my $forms = "$corpid-forms";
sim($forms, 'create', token => 't0ken', products => 1);
sim($forms, 'forms', n => 9, records => 1, first_form => 5300501);
$session->run(qq{CREATE SERVER forms FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$forms', base_url '@{[sim_url()]}', rate_limit '0', concurrency '1');
	CREATE USER MAPPING FOR PUBLIC SERVER forms OPTIONS (token 't0ken', user_id 'me'); CREATE SCHEMA imported});
sim($forms, 'hold', path => 'form/get', at => 3);
$session->send('IMPORT FOREIGN SCHEMA xbb FROM SERVER forms INTO imported');
ok(held($forms, $session), 'an import waits for a form');
is(seen('task, server, pages_done, pages_total > 4'), 'import|forms|4|t', '... of how many');
sim($forms, 'release');
is($session->result->{sqlstate}, '00000', '... and ends');

# ANALYZE
sim($corpid, 'hold', at => 2);
$session->send('ANALYZE source');
ok(held($corpid, $session), 'ANALYZE waits for an answer');
is(seen('task, source'), 'analyze|source', '... under its name');
sim($corpid, 'release');
is($session->result->{sqlstate}, '00000', '... and ends');

# more than there is room for
$session->run('BEGIN; DO $$ BEGIN FOR i IN 1 .. 130 LOOP EXECUTE format($q$DECLARE c%s CURSOR FOR SELECT data_id FROM few LIMIT 2$q$, i); EXECUTE format($q$MOVE 1 FROM c%s$q$, i); END LOOP; END $$');
is($watcher->value("SELECT count(*) FROM xbb.progress WHERE pid = $session->{pid}"), 128, 'as many scans as there is room for are seen');
is($watcher->value('SELECT xbb.progress_unseen()'), 2, '... and the others counted');
my $more = Xbb::Session->new($node);
is($more->run("CALL xbb.sync('progress')")->{sqlstate}, '00000', '... a run that is not seen runs');
is($more->value('SELECT count(*) FROM few'), 12000, '... and so does a scan');
$session->run('CLOSE c77');
is($watcher->value("SELECT count(*) FROM xbb.progress WHERE pid = $session->{pid}"), 127, '... what ends makes room');
$session->run('COMMIT');
is(seen('pid'), '', '... and all of it ends');

# however it ends
sim($corpid, 'hold', at => 3);
$session->send('SELECT count(name) FROM source');
held($corpid, $session);
isnt(seen('pid'), '', 'a scan');
$watcher->run("SELECT pg_terminate_backend($session->{pid})");
ok(wait_until(sub { seen('pid') eq '' }), '... whose session is terminated is gone');
sim($corpid, 'release');
$session = Xbb::Session->new($node);
sim($corpid, 'hold', at => 3);
$session->send("CALL xbb.sync('progress', full => true)");
held($corpid, $session);
is(seen('task'), 'sync full', 'a run');
kill(9, $session->{pid});
ok(wait_until(sub { $node->psql('postgres', 'SELECT 1') == 0 }), '... is killed, and the server restarts');
sim($corpid, 'release');
$watcher = Xbb::Session->new($node);
is($watcher->value('SELECT count(*) FROM xbb.progress'), 0, '... without it');

# a run of a push: what waited when it began, what was heard of, and the requests
my $target = "targetProgress-$$";
$session = Xbb::Session->new($node);
target_create($target);
$session->run(target_sql('erp', $target, 'id text, version integer', batch_size => 10, server => { concurrency => 1 })
	. q{CREATE TABLE pushed AS SELECT 'P' || n AS id, 1 AS version FROM generate_series(1, 100) n;
	SELECT xbb.create_push('progress', source => 'pushed', target => 'erp', key => '{id}')});
sim($target, 'hold', at => 5, path => 'api/execute');
ok(held($target, $session->send(q{CALL xbb.push('progress')})), 'a push waits for an answer');
is(seen(q{task, name, server, source, phase, rows_done, rows_total, pages_done, requests_done >= 4, bytes_done > 0, eta IS NOT NULL, wait_event}),
	'push|progress|erp|erp|sending|40|100|4|t|t|t|XbbHttp', '... and says how far it is');
is(seen('run_id'), $watcher->value(q{SELECT max(id) FROM xbb.push_run WHERE push = 'progress' AND status = 'running'}), '... as the run that it is');
ok(sane(), '... as sane as the others');
sim($target, 'release');
is($session->result->{sqlstate}, '00000', '... goes on');
is(seen('pid'), '', '... and is gone');
$session->run('UPDATE pushed SET version = 2');
sim($target, 'hold', at => 1, path => 'api/execute');
ok(held($target, $session->send(q{CALL xbb.push('progress')})), 'one that is cancelled');
is(seen('phase, rows_done, rows_total'), 'sending|0|100', '... is seen');
$watcher->run("SELECT pg_cancel_backend($session->{pid})");
is($session->result->{sqlstate}, '57014', '... ends');
is(seen('pid'), '', '... and is gone');
sim($target, 'remove');

# where the server has no shared memory left, nothing is missing but the row
SKIP:
{
	skip 'shared memory of 17 and later grows', 3 if $watcher->value("SELECT current_setting('server_version_num')::int") >= 170000;
	$node->restart;
	$watcher = Xbb::Session->new($node);
	# the budgets are there
	$watcher->run('SELECT count(*) FROM xbb.quota');
	$watcher->run('DO $$ BEGIN FOR i IN 1 .. 1000000 LOOP PERFORM pg_advisory_lock(i); END LOOP; END $$');
	$watcher->run('SELECT pg_advisory_unlock_all()');
	$session = Xbb::Session->new($node);
	is($session->value('SELECT count(name) FROM source'), 12000, 'without shared memory a scan works');
	is($session->value('SELECT count(*) FROM xbb.progress'), 0, '... unseen');
	like(slurp_file($node->logfile), qr/xbb_fdw shows no progress of this session: not enough shared memory/, '... which the log says');
}

done_testing();
