# Pushes that depend on one another: 1,000 orders of 200 materials, 30 of which the target
# refuses.  Exactly the orders that contain one of them wait, and go once it is accepted; each
# names its materials by the ids that the target gave them.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $materials = "targetMaterials-$$";
my $orders = "targetOrders-$$";
my $node = start_node('push_orders');
my $seed = int($ENV{XBB_SEED} // time);

note("XBB_SEED=$seed");
srand($seed);
target_create($_, twice => 'double') for $materials, $orders;
my %refused;
$refused{ 'M' . (1 + int(rand(200))) } = 1 while keys %refused < 30;
sim($materials, 'refuse', keys => join(',', sort keys %refused));

$node->safe_psql('postgres', qq{
	CREATE TABLE material AS SELECT 'M' || n AS id, 1 AS version FROM generate_series(1, 200) n;
	CREATE TABLE line AS SELECT 'O' || o AS order_id, 'M' || 1 + (o * 7919 + l * 104729 + o / 200 * l) % 200 AS material_id, l AS n
		FROM generate_series(1, 1000) o, generate_series(1, 3) l;
} . target_sql('erp_material', $materials, 'id text, version integer', batch_size => 50)
  . target_sql('erp_order', $orders, 'id text, lines jsonb', batch_size => 50)
  . q{
	SELECT xbb.create_push('material', source => 'material', target => 'erp_material', key => '{id}');
	SELECT xbb.create_push('order', key => '{id}', target => 'erp_order', source => $$
		SELECT l.order_id AS id, jsonb_agg(m.target_id ORDER BY l.n) AS lines
		FROM line l LEFT JOIN xbb.push_item m ON m.push = 'material' AND m.key = ARRAY[l.material_id] AND m.status = 'acknowledged'
		GROUP BY l.order_id HAVING count(m.target_id) = count(*)$$);
});
my @waiting = sort grep { $_ } split(/\n/, $node->safe_psql('postgres',
	'SELECT DISTINCT order_id FROM line WHERE material_id IN (' . join(', ', map { "'$_'" } keys %refused) . ')'));
cmp_ok(scalar(@waiting), '>', 100, scalar(@waiting) . ' orders contain a material that is refused');

$node->psql('postgres', "CALL xbb.push('$_')") for qw(material order);
my %arrived = map { $_->{key} => 1 } target_journal($orders);
my @missing = sort grep { !$arrived{$_} } map { "O$_" } 1 .. 1000;
is_deeply(\@missing, \@waiting, 'exactly these wait');
is($node->safe_psql('postgres', q{SELECT count(*) FROM xbb.push_item WHERE push = 'material' AND status = 'rejected'}), '30', '30 are rejected');

sim($materials, 'accept');
$node->safe_psql('postgres', q{SELECT xbb.push_retry(id) FROM xbb.push_item WHERE push = 'material' AND status = 'rejected'});
$node->psql('postgres', "CALL xbb.push('$_')") for qw(material order);
my %judged = target_judge($materials, { map { ("M$_" => 1) } 1 .. 200 }, once => 1);
is_deeply($judged{$_}, [], "no material is $_") for qw(twice lost strange);
%judged = target_judge($orders, { map { ("O$_" => '-') } 1 .. 1000 }, once => 1);
is_deeply($judged{$_}, [], "no order is $_") for qw(twice lost strange);

$node->stop;
sim($_, 'remove') for $materials, $orders;
done_testing();
