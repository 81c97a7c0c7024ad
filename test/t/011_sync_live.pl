# A large list: a planted miss and a planted deletion among 100,000 records are found
# within 100 requests, and 10,000 changes made while the sync runs end with
# target = source after the next run.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $corpid = "dingSyncLive-$$";
my $node = start_node('sync_live');

sub source_lines
{
	return split(/\n/, sim($corpid, 'dump', form => 'csv', cols => 'dataId,updateTime'));
}

sub target_lines
{
	return split(/\n/, $node->safe_psql('postgres',
		q{SELECT data_id || ',' || extract(epoch FROM update_time)::bigint FROM target ORDER BY data_id}));
}

sub last_run
{
	my ($columns) = @_;

	return $node->safe_psql('postgres', "SELECT $columns FROM xbb.sync_run ORDER BY id DESC LIMIT 1");
}

sim($corpid, 'create', token => 't0ken', products => 100_000, width => 3);
$node->safe_psql('postgres', qq{
	CREATE SERVER sync_live FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', settle_time '1s');
	CREATE USER MAPPING FOR PUBLIC SERVER sync_live OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, serial_no text, update_time timestamptz)
		SERVER sync_live OPTIONS (object 'product');
	SELECT xbb.create_sync('copy', 'source', 'target', '{data_id}', overlap => '1 minute', delete_mode => 'delete');
});
$node->safe_psql('postgres', q{CALL xbb.sync('copy')});
is(last_run('status, inserted'), 'succeeded|100000', 'the first load');

$node->safe_psql('postgres', 'DELETE FROM target WHERE data_id = 51220000');
sim($corpid, 'drop', id => 51280000);
$node->safe_psql('postgres', q{CALL xbb.reconcile('copy')});
is(last_run('status, inserted, deleted'), 'succeeded|1|1', 'a miss and a deletion are found');
cmp_ok(last_run('requests'), '<=', 100, 'by ' . last_run('requests') . ' requests');
ok(join(' ', target_lines()) eq join(' ', source_lines()), 'target = source');

# 2,000 for each of five runs, which may end before they do or try to keep up with them
my $runs = 0;
my $changes = 0;
while ($changes < 10_000)
{
	sim($corpid, 'mutate', per_second => 500, kinds => 'touch,add', limit => 2000, seed => $runs) if $runs < 5;
	$node->psql('postgres', q{CALL xbb.sync('copy')});
	$changes = sim($corpid, 'mutate');
	$runs++;
}
cmp_ok($runs, '>=', 5, "10,000 changes were made while the sync ran $runs times");
$node->safe_psql('postgres', q{CALL xbb.sync('copy')});
is(last_run('status'), 'succeeded', 'the next run');
ok(join(' ', target_lines()) eq join(' ', source_lines()), 'target = source');

$node->stop;
sim($corpid, 'remove');
done_testing();
