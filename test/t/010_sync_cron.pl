# pg_cron runs a sync: every minute, with a second job on the same sync refused
# without harm, failures visible in cron.job_run_details and in the views of the
# sync, across a restart of the server.
#
# It has to see two full minutes, the least that the schedule of pg_cron 1.4 knows;
# most of them it does nothing.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my ($directory) = run_command([ 'pg_config', '--pkglibdir' ]);

plan skip_all => 'pg_cron is not installed' unless -e "$directory/pg_cron.so";

my $corpid = "dingSyncCron-$$";
my $node = start_node('sync_cron', qq{
	shared_preload_libraries = 'pg_cron'
	cron.database_name = 'postgres'
	cron.use_background_workers = on
	max_worker_processes = 20
});

# Waits until a query says t, for two minutes and a half.
sub soon
{
	my ($query, $name) = @_;

	ok($node->poll_query_until('postgres', $query), $name);
	return;
}

sim($corpid, 'create', token => 't0ken', products => 250, width => 3);
sim($corpid, 'create', object => 'customer', form_id => 5300201, records => 30);
# one of two jobs on the same sync waits until the other has met it
sim($corpid, 'hold', path => 'product/list');
sim($corpid, 'fault', what => 'code', code => 100001, msg => 'broken', at => 'every', path => 'customer/list');
$node->safe_psql('postgres', qq{
	CREATE EXTENSION pg_cron;
	CREATE SERVER sync_cron FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', settle_time '1s', request_timeout '1h');
	CREATE USER MAPPING FOR PUBLIC SERVER sync_cron OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz)
		SERVER sync_cron OPTIONS (object 'product');
	CREATE FOREIGN TABLE customer (data_id bigint, update_time timestamptz)
		SERVER sync_cron OPTIONS (object 'customer', form_id '5300201');
	SELECT xbb.create_sync('copy', 'source', 'target', '{data_id}');
	SELECT xbb.create_sync('broken', 'customer', 'customers', '{data_id}');
	SELECT cron.schedule('one', '* * * * *', \$\$CALL xbb.sync('copy')\$\$);
	SELECT cron.schedule('two', '* * * * *', \$\$CALL xbb.sync('copy')\$\$);
	SELECT cron.schedule('three', '* * * * *', \$\$CALL xbb.sync('broken')\$\$);
});

# when its jobs run stands with each task, for those who watch, too, who have no right to pg_cron
$node->safe_psql('postgres', q{
	SELECT xbb.create_sync('it''s idle', 'customer', 'idle', '{data_id}', enabled => false);
	SELECT xbb.create_sync('none', 'customer', 'others', '{data_id}', enabled => false);
	SELECT cron.schedule('yearly', '15 3 29 2 *', $$CALL xbb.sync_all(); CALL xbb.sync(name => 'it''s idle')$$);
	SELECT cron.schedule('twice', '30 4 29 2 *', $$call XBB.sync( 'it''s idle', full => true )$$);
	SELECT cron.schedule('unknown', '@reboot', $$CALL xbb.sync('broken')$$);
	SELECT cron.schedule('asleep', '1 1 1 1 *', $$CALL xbb.sync('none')$$);
	SELECT cron.schedule('others', '1 1 1 1 *', $$CALL xbb.push('none'); CALL xbb.reconcile('none'); SELECT 'xbb.sync', 'none'$$);
	UPDATE cron.job SET active = false WHERE jobname = 'asleep';
	INSERT INTO cron.job (schedule, command, database, nodeport) VALUES ('1 1 1 1 *', $$CALL xbb.sync('none')$$, 'elsewhere', 5432);
	CREATE ROLE watcher LOGIN IN ROLE pg_monitor;
	CREATE ROLE stranger LOGIN;
});
sub schedules
{
	my ($role) = @_;

	return $node->safe_psql('postgres', q{SELECT name, coalesce(schedule, 'none'),
		coalesce(to_char(next_run AT TIME ZONE 'GMT', 'MM-DD HH24:MI'), '-'), next_run - date_trunc('minute', now()) = '1 min' FROM xbb.task_status ORDER BY name},
		extra_params => [ '-U', $role ]);
}
my $leap = qr/02-29 03:15/;
like(schedules('watcher'), qr/^broken[|][*] [*] [*] [*] [*]; 15 3 29 2 [*]; \@reboot[|]-[|]
copy[|][*] [*] [*] [*] [*]; 15 3 29 2 [*][|]\d\d-\d\d \d\d:\d\d[|]t
it's idle[|]15 3 29 2 [*]; 30 4 29 2 [*][|]$leap[|]f
none[|]none[|]-[|]$/, 'what pg_cron runs stands with the tasks');
is(schedules('stranger'), '', '... and nothing for those who do not see them');
soon(q{SELECT count(*) > 0 FROM xbb.sync_run WHERE status = 'skipped'}, 'the second job is refused');
sim($corpid, 'wait-held');
is(sim($corpid, 'release'), '1', 'while the first one runs');
soon(q{SELECT count(*) > 0 FROM xbb.sync_run WHERE status = 'succeeded'}, 'which loads');
is($node->safe_psql('postgres', 'SELECT count(*) FROM target'), '250', 'everything');
soon(q{SELECT count(*) >= 2 AND bool_and(r.status = 'succeeded') FROM cron.job_run_details r JOIN cron.job USING (jobid)
	WHERE jobname IN ('one', 'two')}, 'to pg_cron both succeeded');

# a failure
soon(q{SELECT count(*) > 0 FROM xbb.sync_run WHERE status = 'failed' AND error LIKE '%broken%'}, 'a failure is in our log');
soon(q{SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'failed' AND return_message LIKE '%broken%'},
	'and in that of pg_cron');
cmp_ok($node->safe_psql('postgres', q{SELECT failures_in_a_row FROM xbb.sync_status WHERE name = 'broken'}), '>=', 1, 'the status counts it');

# a restart, and what has come meanwhile
$node->restart;
sim($corpid, 'clear', what => 'faults');
sim($corpid, 'add', n => 5);
soon(q{SELECT count(*) = 255 FROM target}, 'the schedule goes on after a restart');
soon(q{SELECT failures_in_a_row = 0 FROM xbb.sync_status WHERE name = 'broken'}, 'the status is good again');
is($node->safe_psql('postgres', 'SELECT count(*) FROM customers'), '30', '... for what had failed is there');

$node->safe_psql('postgres', 'SELECT count(cron.unschedule(jobname)) FROM cron.job');
$node->stop;
sim($corpid, 'remove');
done_testing();
