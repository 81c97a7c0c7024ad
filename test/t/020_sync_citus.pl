# A target that Citus keeps on its nodes is loaded, changed, reconciled and cleared like any
# other: distributed by dataId, by the key, by a column of the scope, and on each node whole.
# The role that runs it has no rights but its own.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my ($directory) = run_command([ 'pg_config', '--pkglibdir' ]);

plan skip_all => 'Citus is not installed' unless -e "$directory/citus.so";

my $corpid = "dingSyncCitus-$$";
my $node = start_node('sync_citus', qq{
	shared_preload_libraries = 'citus'
	max_prepared_transactions = 20
});


# this server is the coordinator and the only worker
$node->safe_psql('postgres', "CREATE EXTENSION citus; SELECT citus_set_coordinator_host('@{[$node->host]}', @{[$node->port]})");
$node->safe_psql('postgres', "SELECT citus_set_node_property('@{[$node->host]}', @{[$node->port]}, 'shouldhaveshards', true)");
sim($corpid, 'create', token => 't0ken', products => 300, freeze => 'on');
$node->safe_psql('postgres', qq{
	CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}', rate_limit '0');
	CREATE ROLE etl LOGIN;
	GRANT ALL ON SCHEMA public TO etl;
	GRANT USAGE ON FOREIGN SERVER crm TO etl;
	CREATE USER MAPPING FOR etl SERVER crm OPTIONS (token 't0ken');
	SET ROLE etl;
	CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz, name text OPTIONS (attr 'text_1'))
		SERVER crm OPTIONS (object 'product');
	CREATE TABLE by_id (data_id bigint PRIMARY KEY, serial_no text, update_time timestamptz, name text, CHECK (data_id % 100 <> 7));
	CREATE TABLE by_number (serial_no text PRIMARY KEY, data_id bigint, update_time timestamptz, name text, deleted_at timestamptz);
	CREATE TABLE by_company (company text, serial_no text, data_id bigint, update_time timestamptz, name text, seen timestamptz,
		note text, PRIMARY KEY (company, serial_no));
	CREATE TABLE everywhere (data_id bigint PRIMARY KEY, serial_no text, update_time timestamptz, name text);
	SELECT create_distributed_table('by_id', 'data_id');
	SELECT create_distributed_table('by_number', 'serial_no');
	SELECT create_distributed_table('by_company', 'company');
	SELECT create_reference_table('everywhere');
	INSERT INTO by_company (company, serial_no, data_id) VALUES ('west', 'W1', 51200001);
	SELECT xbb.create_sync('by_id', 'source', 'by_id');
	SELECT xbb.create_sync('by_number', 'source', 'by_number', '{serial_no}', delete_mode => 'mark');
	SELECT xbb.create_sync('by_company', 'source', 'by_company', '{serial_no}', delete_mode => 'delete', scope => '{"company": "east"}',
		stamp => 'seen');
	SELECT xbb.create_sync('everywhere', 'source', 'everywhere', delete_mode => 'delete');
});

# what a statement of that role tells, without its requests and seconds
sub told
{
	my ($statement) = @_;
	my ($code, undef, $error) = $node->psql('postgres', $statement, extra_params => [ '-U', 'etl' ]);

	$error =~ s/^psql:\S+ //gm;
	return join("\n", map { s/, \d+ requests?(, [\d.]+ s)?$//r } grep { /^(INFO|ERROR|WARNING|NOTICE)/ } split /\n/, $error);
}

sub rows { return $node->safe_psql('postgres', "SET ROLE etl; $_[0]"); }

# how many rows of a sync differ from the source, a row of either
sub differing
{
	my ($table, $condition) = @_;
	my ($ours, $theirs) = map { "SELECT data_id, serial_no, update_time, name FROM $_" } "$table WHERE $condition", 'source';

	return rows("SELECT count(*) FROM (($ours EXCEPT $theirs) UNION ALL ($theirs EXCEPT $ours)) d");
}

my $loaded = '300 read, 300 inserted, 0 updated, 0 unchanged, 0 rejected';
is(told('CALL xbb.sync_all()'), join("\n", 'INFO:  sync by_id: 300 read, 297 inserted, 0 updated, 0 unchanged, 3 rejected',
		map { "INFO:  sync $_: $loaded" } qw(by_number by_company everywhere)), 'a first load');
is(rows(q{SELECT string_agg(data_id || ' ' || kind || ' ' || sqlstate, ', ' ORDER BY data_id) FROM xbb.sync_reject}),
	join(', ', map { "5120${_}07 constraint 23514" } '00', '01', '02'), 'what a check refuses is set aside, and nothing else');

# changes: of values, of numbers, some of which pass from one record to the next
sim($corpid, 'clock', advance => 600);
my @ids = split /\n/, rows('SELECT data_id FROM source WHERE data_id % 100 <> 7 ORDER BY 1 LIMIT 20');
my @numbers = split /\n/, rows("SELECT serial_no FROM source WHERE data_id % 100 <> 7 ORDER BY data_id LIMIT 20");
rows(qq{UPDATE by_company SET note = 'ours', serial_no = 'N' || serial_no WHERE data_id IN ($ids[10], $ids[11]);
	UPDATE by_company SET note = 'ours', serial_no = '$numbers[10]' WHERE data_id = $ids[11];
	UPDATE by_company SET serial_no = '$numbers[11]' WHERE data_id = $ids[10];
	BEGIN; DELETE FROM by_number WHERE data_id IN ($ids[10], $ids[11]);
	INSERT INTO by_number (serial_no, data_id) VALUES ('$numbers[10]', $ids[11]), ('$numbers[11]', $ids[10]); COMMIT;
	UPDATE by_id SET name = 'x' WHERE data_id IN ($ids[1], $ids[2]);
	UPDATE everywhere SET name = 'x' WHERE data_id IN ($ids[1], $ids[2])});
sim($corpid, 'touch', id => $ids[0], '{"text_1": "new"}');
is(told("CALL xbb.sync('by_id', full => true, dry_run => true)"), join("\n",
		'INFO:  dry run of sync by_id: 300 read, 0 to insert, 3 to update, 294 unchanged, 3 to reject',
		told("CALL xbb.sync('by_id', full => true, dry_run => true)") =~ /^(INFO:  would .*)$/mg), 'a dry run');
is(rows("SELECT count(*) FROM by_id WHERE name = 'x'"), '2', '... which leaves nothing');
is(told("CALL xbb.sync('$_', full => true)") =~ s/^NOTICE.*\n//r,
	"INFO:  sync $_, full: 300 read, 0 inserted, 3 updated, " . ($_ eq 'by_id' ? '294 unchanged, 3' : '297 unchanged, 0') . ' rejected',
	"a full run: $_") for qw(by_id by_number by_company everywhere);
is(differing('by_number', 'true'), '0', 'records have their numbers');
is(differing('by_company', "company = 'east'"), '0', '... in their company, too');
is(rows("SELECT count(*) FROM by_company WHERE note = 'ours'"), '2', '... whose rows were updated');
is(rows('SELECT count(*) FROM by_company WHERE seen IS NULL'), '1', '... and stamped');

# what is missed and what is gone
rows(qq{DELETE FROM $_ WHERE data_id IN ($ids[3], $ids[4])}) for qw(by_id by_number by_company everywhere);
sim($corpid, 'drop', id => $ids[5]);
for my $sync (qw(by_id by_number by_company everywhere))
{
	my $full = $sync eq 'by_company' ? ', full => true' : '';

	like(told("CALL xbb.reconcile('$sync'$full)"), qr/^INFO:  reconcile $sync(, full)?: .* 2 inserted, .* 0 rejected, 1 deleted$/,
		"a reconciliation: $sync");
}
is(rows('SELECT count(*) FROM by_id'), '297', 'ignored, what is gone stays');
is(rows('SELECT count(*), count(deleted_at) FROM by_number'), '300|1', '... or is marked');
is(differing('by_company', "company = 'east'"), '0', '... or deleted');
is(rows("SELECT count(*) FROM by_company WHERE company = 'west'"), '1', 'another company keeps its rows');

# a record's number is another one's now, which is older
rows(qq{UPDATE by_number SET data_id = 4, update_time = '2099-01-01' WHERE data_id = $ids[6]});
like(told("CALL xbb.sync('by_number', full => true)"), qr/0 inserted, 0 updated, 298 unchanged, 1 rejected$/, 'a rival is newer');
like(told("CALL xbb.reconcile('by_number', full => true)"), qr/1 updated, .* 0 rejected, 1 deleted$/, '... until it is gone');
is(differing('by_number', 'deleted_at IS NULL'), '0', '... and the record is there');

# what the planner does not take is no record's fault
is(rows(q{SELECT xbb._sync_target_blames(d, '0A000'), xbb._sync_target_blames(d, '23514') FROM xbb.sync_definition d WHERE name = 'by_id'}),
	'f|t', 'a statement that Citus refuses is no record\'s fault');

# a list without times
rows(q{CREATE FOREIGN TABLE users (user_id text OPTIONS (attr 'userId'), name text OPTIONS (attr 'name')) SERVER crm OPTIONS (object 'user');
	CREATE TABLE people (user_id text PRIMARY KEY, name text);
	SELECT create_reference_table('people');
	SELECT xbb.create_sync('people', 'users', 'people', delete_mode => 'delete')});
my $users = rows('SELECT count(*) FROM users');
is(told("CALL xbb.sync('people')"), "INFO:  sync people: $users read, $users inserted, 0 updated, 0 unchanged, 0 rejected", 'a list');
rows("INSERT INTO people VALUES ('gone'); UPDATE people SET name = 'x' WHERE user_id = (SELECT min(user_id) FROM people WHERE user_id <> 'gone')");
is(told("CALL xbb.sync('people')"), "INFO:  sync people: $users read, 0 inserted, 1 updated, @{[$users - 1]} unchanged, 0 rejected, 1 deleted",
	'... and what has changed of it');

$node->stop;
sim($corpid, 'remove');
done_testing();
