# A copy asks nothing and loads nothing before xbb.activate(), however it was made, with
# pg_cron at work in it: a dump, a template, a base backup beside its original, a recovery
# to a point in time, pg_upgrade, a standby that was promoted.  Where a failover may go, a
# promoted standby goes on.  What the copies ask, the simulator counts.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use File::Spec;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my ($pkglibdir) = run_command([ 'pg_config', '--pkglibdir' ]);
my $has_cron = -e "$pkglibdir/pg_cron.so";
my $inactive = qr/55000: .*is inactive, as this is a copy.*xbb\.activate\(\)/s;

my $corpid = "dingSyncCopy-$$";
my $conf = "max_worker_processes = 20\n";
$conf .= "shared_preload_libraries = 'pg_cron'\ncron.database_name = 'postgres'\ncron.use_background_workers = on\n" if $has_cron;

sub requests { return sim($corpid, 'count'); }

# A cluster with a running sync, one reject of which is open.
sub original
{
	my ($name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 1, has_archiving => $options{archive} // 0);
	$node->append_conf('postgresql.conf', "fsync = off\n$conf");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron') if $has_cron;
	$node->safe_psql('postgres', qq{
		CREATE EXTENSION xbb_etl CASCADE;
		CREATE ROLE etl LOGIN;
		CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
			rate_limit '0', settle_time '1s');
		GRANT USAGE ON FOREIGN SERVER crm TO etl;
		GRANT CREATE ON SCHEMA public TO etl;
		CREATE USER MAPPING FOR etl SERVER crm OPTIONS (token 't0ken');
		SET ROLE etl;
		CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz) SERVER crm OPTIONS (object 'product');
		CREATE MATERIALIZED VIEW mat AS SELECT 1::bigint AS data_id, '2026-01-01'::timestamptz AS update_time;
		CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text CHECK (right(serial_no, 1) <> '7'));
		SELECT xbb.create_sync('copy', source => 'source', target => 'target');
		SELECT xbb.create_sync('mat', source => 'mat', target => 'mat_target');
		CALL xbb.sync_all();
	});
	return $node;
}

# Jobs of pg_cron that run here, each minute.
sub schedule
{
	my ($node) = @_;

	$node->safe_psql('postgres', q{
		SELECT cron.schedule_in_database('copy', '* * * * *', $$CALL xbb.sync('copy')$$, 'postgres', 'etl')}) if $has_cron;
	return;
}

# Nothing is asked there by anything one can call, and the views say why; pg_cron ran, too.
sub quiet
{
	my ($node, $name, $database) = @_;
	my $before = requests();
	my $session = Xbb::Session->new($node, user => 'etl', database => $database);

	for my $call (q{sync('copy')}, q{sync('copy', full => true)}, q{sync('copy', dry_run => true)}, q{reconcile('copy')},
		q{retry_rejects('copy')}, 'sync_all()')
	{
		like($session->run("CALL xbb.$call")->{error}, $inactive, "$name: $call is refused");
	}
	is($session->value(q{SELECT count(*) FROM xbb.sync_status WHERE problem LIKE 'inactive, %xbb.activate();%'}), '2',
		"$name: the status of both syncs says so");
	if ($has_cron && !defined $database)
	{
		ok($node->poll_query_until('postgres', q{
			SELECT count(*) > 0 FROM cron.job_run_details WHERE status = 'failed' AND start_time > pg_postmaster_start_time()
				AND return_message LIKE '%is inactive%'}), "$name: the job of pg_cron failed");
	}
	is(requests() - $before, 0, "$name: nothing was asked");
	$session->quit;
	return;
}

# After activate() it does what the original would.
sub goes_on
{
	my ($node, $name, $database) = @_;
	my $session = Xbb::Session->new($node, user => 'etl', database => $database);
	my $all = sim($corpid, 'total');

	unlike($node->safe_psql($database // 'postgres', 'SELECT xbb.activate()'), qr/./, "$name: is activated");
	is($session->run(q{CALL xbb.sync('copy')})->{error}, '', "$name: runs");
	is($session->value('SELECT count(*) FROM target') + $session->value('SELECT count(*) FROM xbb.sync_reject'), $all,
		"$name: has every record");
	is($session->value(q{SELECT count(*) FROM xbb.sync_status WHERE problem IS NOT NULL}), '0', "$name: and no problem");
	$session->quit;
	return;
}

# Makes the simulator's list another one than that which the copies have.
sub change
{
	sim($corpid, 'add', n => 3);
	sim($corpid, 'touch', id => 'last');
	return;
}

sim($corpid, 'create', token => 't0ken', products => 100, width => 3);
my $main = original('copy_main', archive => 1);
my $host = $main->safe_psql('postgres', 'SELECT host FROM xbb._place');
my ($named, $elsewhere, $beside, $recovered) = map { PostgreSQL::Test::Cluster->new("copy_$_") } qw(named elsewhere beside recovered);

# while the original runs, its copies are made with its jobs
is($main->safe_psql('postgres', qq{SET client_min_messages = error; SELECT xbb.activate('{nowhere, $host:@{[$named->data_dir]}}')}), '',
	'the original names a place for a failover');
schedule($main);
$main->backup('base');
$main->safe_psql('postgres', 'UPDATE cron.job SET active = false') if $has_cron;
$_->init_from_backup($main, 'base', has_streaming => 1) for $named, $elsewhere;
$beside->init_from_backup($main, 'base');
$recovered->init_from_backup($main, 'base', has_restoring => 1, standby => 0);
$recovered->append_conf('postgresql.conf', "recovery_target = 'immediate'\nrecovery_target_action = 'promote'\n");
$_->append_conf('postgresql.conf', $conf) for $named, $elsewhere, $beside, $recovered;
$_->start for $named, $elsewhere, $beside, $recovered;

# a standby tells what is true of its primary, and cannot run anything
$main->safe_psql('postgres', q{SET ROLE etl; CALL xbb.sync('copy')});
$main->wait_for_catchup($_, 'replay') for $named, $elsewhere;
for my $standby ($named, $elsewhere)
{
	my $reader = Xbb::Session->new($standby, user => 'etl');

	for my $query (q{SELECT name, source, target, problem, last_success, failures_in_a_row, rejects_open FROM xbb.sync_status ORDER BY name},
		q{SELECT id, sync, status FROM xbb.sync_run ORDER BY id}, 'SELECT name, active, watermark FROM xbb.sync_definition ORDER BY name',
		'SELECT sync, data_id, run FROM xbb.sync_reject ORDER BY data_id',
		'SELECT name, state, complete_until, failures_in_a_row, problems, schedule FROM xbb.task_status ORDER BY name',
		q{SELECT xbb.complete_until('{copy}')}, 'SELECT sync, run, source_rows FROM xbb.sync_reconciliation ORDER BY run')
	{
		is_deeply($reader->run($query)->{rows}, [ split /\n/, $main->safe_psql('postgres', $query) ], 'standby: ' . substr($query, 0, 60));
	}
	like($reader->run(q{CALL xbb.sync('copy')})->{error}, qr/25006: .*during recovery/, 'standby: CALL says that it cannot');
	like($reader->run(q{CALL xbb.sync('copy', dry_run => true)})->{error}, qr/25006: .*during recovery/, 'standby: nor a dry run');
	$reader->quit;
}
isnt($named->psql('postgres', 'SELECT xbb.activate()'), 0, 'standby: nor is it activated');

# where nobody said so, nothing happens
$elsewhere->promote;
$elsewhere->safe_psql('postgres', 'UPDATE cron.job SET active = true') if $has_cron;
change();
quiet($beside, 'base backup beside its original');
quiet($recovered, 'recovered to a point in time');
quiet($elsewhere, 'standby promoted elsewhere');
goes_on($beside, 'base backup beside its original');
goes_on($recovered, 'recovered to a point in time');
goes_on($elsewhere, 'standby promoted elsewhere');
$_->stop for $recovered, $elsewhere;

# the original is no copy; and where it was said, nothing is lost
change();
is($main->safe_psql('postgres', q{SET ROLE etl; CALL xbb.sync('copy'); SELECT count(*) FROM xbb.sync_status WHERE problem IS NOT NULL}), '0',
	'the original goes on');
$main->wait_for_catchup($named, 'replay');
$main->stop('immediate');
$named->promote;
change();
my $session = Xbb::Session->new($named, user => 'etl');
is($session->run(q{CALL xbb.sync('copy')})->{error}, '', 'promoted where it was said: runs');
is($session->value('SELECT count(*) FROM target') + $session->value('SELECT count(*) FROM xbb.sync_reject'), sim($corpid, 'total'),
	'promoted where it was said: nothing is lost');
is($session->value(q{SELECT count(*) FROM xbb.sync_status WHERE problem IS NOT NULL}), '0', 'promoted where it was said: no problem');
is($named->safe_psql('postgres', qq{SELECT timeline, directory = '@{[$named->data_dir]}', '$host:@{[$main->data_dir]}' = ANY (places) FROM xbb._place}),
	'2|t|t', 'promoted where it was said: it is the original now, and its former place is named');
$session->quit;

# a dump, and a database that is made from another one
my ($dump, $errors) = ('', '');
$named->safe_psql('postgres', 'DROP EXTENSION pg_cron') if $has_cron;
IPC::Run::run([ 'pg_dump', '-d', $named->connstr('postgres') ], '>', \$dump);
$named->safe_psql('postgres', 'CREATE DATABASE restored');
IPC::Run::run([ 'psql', '-Xq', '-d', $named->connstr('restored') ], '<', \$dump, '>', File::Spec->devnull, '2>', \$errors);
is($errors, '', 'a dump goes in without an error');
change();
quiet($named, 'restored dump', 'restored');
goes_on($named, 'restored dump', 'restored');
$named->safe_psql('postgres', 'CREATE DATABASE made TEMPLATE restored');
change();
quiet($named, 'made from a template', 'made');
goes_on($named, 'made from a template', 'made');
$named->safe_psql('made', 'DELETE FROM xbb._place');
change();
quiet($named, 'told that it is a copy', 'made');
goes_on($named, 'told that it is a copy', 'made');
$named->stop;

# pg_upgrade, of the copy that runs
$beside->stop;
my $upgraded = PostgreSQL::Test::Cluster->new('copy_upgraded');
my $bindir = $beside->config_data('--bindir');
$upgraded->init;
$upgraded->append_conf('postgresql.conf', "fsync = off\n$conf");
chdir(PostgreSQL::Test::Utils::tempdir());
command_ok([ 'pg_upgrade', '--no-sync', '-b', $bindir, '-B', $bindir, '-d', $beside->data_dir, '-D', $upgraded->data_dir,
	'-s', $upgraded->host, '-p', $beside->port, '-P', $upgraded->port ], 'pg_upgrade');
$upgraded->start;
change();
quiet($upgraded, 'upgraded');
goes_on($upgraded, 'upgraded');
is($upgraded->safe_psql('postgres', q{SELECT count(*) >= 4 AND max(id) >= count(*) FROM xbb.sync_run}), 't',
	'upgraded: the log goes on');
$upgraded->stop;

sim($corpid, 'remove');
done_testing();
