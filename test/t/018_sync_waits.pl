# While a run waits for the API it holds up nobody: no lock on its target, and no
# transaction id, in each kind of window and at each request of a reconciliation; ALTER TABLE
# of the target comes through.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $corpid = "dingSyncWaits-$$";
my $node = start_node('sync_waits');

sim($corpid, 'create', token => 't0ken', products => 300, freeze => 'on');
$node->safe_psql('postgres', qq{
	CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', request_timeout '1h', max_retries '0');
	CREATE USER MAPPING FOR CURRENT_ROLE SERVER crm OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'))
		SERVER crm OPTIONS (object 'product');
	SELECT xbb.create_sync('whole', source => 'source', target => 'whole');
	SELECT xbb.create_sync('steps', source => 'source', target => 'steps', chunk => '10 years');
});

my $etl = Xbb::Session->new($node);

# a statement on that target, caught at its request of that number: what it holds, and whether ALTER TABLE has to wait for
# it; undef if it ends before
sub caught_at
{
	my ($sync, $request, $statement) = @_;

	sim($corpid, 'clear', what => 'all');
	sim($corpid, 'hold', at => $request);
	if (!held($corpid, $etl->send($statement)))
	{
		$etl->result;
		return;
	}
	my $holds = $node->safe_psql('postgres', qq{
		SELECT coalesce(backend_xid::text, 'no xid'), (SELECT count(*) FROM pg_locks l
			WHERE l.pid = a.pid AND l.relation IN (SELECT '$sync'::regclass UNION SELECT indexrelid FROM pg_index
				WHERE indrelid = '$sync'::regclass))
		FROM pg_stat_activity a WHERE pid = $etl->{pid}});
	my ($code, undef, $error) = $node->psql('postgres',
		"SET lock_timeout = '1ms'; ALTER TABLE $sync ALTER update_time SET STATISTICS 50");
	sim($corpid, 'release');
	my $end = $etl->result;
	return "$holds|" . ($code == 0 ? 'altered' : $error) . ($end->{sqlstate} eq '00000' ? '' : "|$end->{error}");
}

# a run of that sync
sub caught
{
	my ($sync, $request, $full) = @_;

	return caught_at($sync, $request, "CALL xbb.sync('$sync', full => $full)") // 'it did not come so far';
}

# a statement, caught at each of its requests in turn, before which "before" is done: all it holds at any
sub caught_at_each
{
	my ($sync, $statement, $before) = @_;
	my (%seen, $caught);
	my $requests = 0;

	for (;;)
	{
		$node->safe_psql('postgres', $before);
		last if !defined($caught = caught_at($sync, $requests + 1, $statement));
		$requests++;
		$seen{$caught} .= " $requests";
	}
	sim($corpid, 'clear', what => 'all');
	note("$statement: $requests requests");
	return join(';', map { $_ eq 'no xid|0|altered' ? $_ : "$_, at request$seen{$_}" } sort keys %seen);
}

is(caught('whole', 1, 'false'), 'no xid|0|altered', 'the first load, at its count');
is(caught('whole', 1, 'false'), 'no xid|0|altered', 'an incremental run');
is(caught('whole', 2, 'true'), 'no xid|0|altered', 'a full one, behind its count');
is(caught('steps', 1, 'false'), 'no xid|0|altered', 'a load by steps, at its count');
is(caught('steps', 5, 'true'), 'no xid|0|altered', 'and behind one of its windows');

# where a type has changed the target has to be looked at, and is let go
$node->safe_psql('postgres', 'ALTER TABLE whole ALTER name TYPE varchar(200)');
is(caught('whole', 1, 'false'), 'no xid|0|altered', 'a run that finds a column changed');
# rows that lack, a row that is gone, one whose time is another
my $differ = q{DELETE FROM whole WHERE data_id % 50 = 0; INSERT INTO whole (data_id, update_time) SELECT 1, min(update_time) FROM whole
	ON CONFLICT DO NOTHING;
	UPDATE whole SET update_time = update_time + interval '100 days' WHERE data_id % 100 = 1};
is(caught_at_each('whole', "CALL xbb.reconcile('whole')", $differ), 'no xid|0|altered', 'a reconciliation');
is(caught_at_each('whole', "CALL xbb.reconcile('whole', full => true)", $differ), 'no xid|0|altered', 'a full one');
is(caught_at_each('whole', "CALL xbb.sync('whole', full => true, dry_run => true)", ''), 'no xid|0|altered', 'a dry run');

# columns that come with details: the list, then the details of what has changed
$node->safe_psql('postgres', q{
	CREATE FOREIGN TABLE detailed (data_id bigint, update_time timestamptz, picture text OPTIONS (attr 'text_2', detail 'true'))
		SERVER crm OPTIONS (object 'product', snapshot 'false');
	CREATE TABLE detailed_copy (data_id bigint PRIMARY KEY, update_time timestamptz, picture text);
	SELECT xbb.create_sync('detailed_copy', source => 'detailed', overlap => '30 days');
	CALL xbb.sync('detailed_copy')});
is(caught_at_each('detailed_copy', "CALL xbb.sync('detailed_copy')",
		q{DELETE FROM detailed_copy WHERE data_id IN (SELECT data_id FROM detailed_copy ORDER BY update_time DESC LIMIT 2)}),
	'no xid|0|altered', 'details');

# a list without times
$node->safe_psql('postgres', q{
	CREATE FOREIGN TABLE users (user_id text OPTIONS (attr 'userId'), name text OPTIONS (attr 'name')) SERVER crm OPTIONS (object 'user');
	CREATE TABLE people (user_id text PRIMARY KEY, name text, update_time int);
	SELECT xbb.create_sync('people', source => 'users', target => 'people', delete_mode => 'delete', columns => '{"name": "name"}')});
is(caught_at_each('people', "CALL xbb.sync('people')", q{INSERT INTO people VALUES ('gone')}), 'no xid|0|altered', 'a list');
is(caught_at_each('people', "CALL xbb.sync('people', dry_run => true)", ''), 'no xid|0|altered', 'its dry run');

is($etl->value(q{SELECT count(*) FROM xbb.sync_run WHERE status <> 'succeeded'}), '0', 'all runs have succeeded');
$node->safe_psql('postgres', q{SELECT xbb.alter_sync('whole', delete_mode => 'delete'); CALL xbb.reconcile('whole', full => true)});
is($etl->value(q{SELECT count(*) FROM whole JOIN steps USING (data_id, update_time, name)}), '300', 'and loaded all');

$etl->quit;
$node->stop;
done_testing();
