# An outer row that has changed while its lock was awaited is held against the quals
# again, those too that a scan has decided at its start and sends nothing for.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $node = start_node('locked_rows');
my $corpid = "dingLocked-$$";
my $url = sim_url();

sim($corpid, 'create', token => 't0ken', products => 9, width => 4);
# ids are 51200001 and on
$node->safe_psql('postgres', <<"END");
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '$url', rate_limit '0');
CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken');
CREATE FOREIGN TABLE product (company text OPTIONS (constant 'east'), data_id bigint) SERVER crm OPTIONS (object 'product');
CREATE TABLE item (id bigint, company text, touched int DEFAULT 0, seen int DEFAULT 0);
INSERT INTO item SELECT 51200000 + g, 'east' FROM generate_series(1, 3) g;
ANALYZE item;
END
my $one = Xbb::Session->new($node);
my $two = Xbb::Session->new($node);

my $settings = 'SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off';

$two->run($settings);

# Runs a statement that meets locked rows, of which one leaves the company meanwhile.
sub meet
{
	my ($sql) = @_;

	$one->run('BEGIN');
	$one->run("UPDATE item SET company = 'west' WHERE id = 51200001");
	$one->run('UPDATE item SET touched = touched + 1 WHERE id = 51200002');
	$two->send($sql);
	wait_until(sub { $one->value("SELECT cardinality(pg_blocking_pids($two->{pid}))") > 0 }) or die 'no lock is awaited';
	$one->run('COMMIT');
	my $result = $two->result;
	$one->run("UPDATE item SET company = 'east'");
	return join(' ', sort(@{ $result->{rows} }), $result->{error});
}

for my $case (
	[ 'UPDATE', 'UPDATE item i SET seen = seen + 1 FROM product p WHERE %s RETURNING i.id' ],
	[ 'SELECT FOR UPDATE', 'SELECT i.id FROM item i JOIN product p ON %s FOR UPDATE OF i' ],
	[ 'DELETE', 'DELETE FROM item i USING product p WHERE %s RETURNING i.id' ])
{
	my ($name, $sql) = @$case;

	$sql = sprintf($sql, 'p.data_id = i.id AND p.company = i.company');
	like($node->safe_psql('postgres', "$settings; EXPLAIN (COSTS off) $sql"),
		qr/Nested Loop\n +-> +Seq Scan on item i\n +-> +Foreign Scan on product p\b/, "$name: the foreign table is inside");
	is(meet($sql), '51200002 51200003 ', "$name: rows that still match, and no other");
}
is($one->value("SELECT string_agg(concat_ws(' ', id, seen), ', ') FROM item"), '51200001 0', 'what was updated and deleted');

$_->quit for $one, $two;
done_testing();
