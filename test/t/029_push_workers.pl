# Eight workers of a push, and eight sessions that send as they like, never send faster than
# the target's rate together: its slots are one second apart by the rate, without bursts.
# Each record arrives once, whoever sends it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $target = "targetWorkers-$$";
my $rate = 25;
my $records = 600;
my $node = start_node('push_workers');

target_create($target, twice => 'double', latency => 40);
$node->safe_psql('postgres',
	"CREATE TABLE source AS SELECT 'K' || n AS id, 1 AS version FROM generate_series(1, $records) n;"
	. target_sql('erp', $target, 'id text, version integer', batch_size => 5, server => { rate_limit => $rate, concurrency => 4 })
	. q{SELECT xbb.create_push('orders', source => 'source', target => 'erp', key => '{id}', workers => 8)});

my @workers = map { Xbb::Session->new($node) } 1 .. 8;
# who comes while another reads the source, before there is anything to send, has nothing to do
$workers[0]->send(q{CALL xbb.push('orders')});
$node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM xbb.push_item') or die 'nothing was enqueued';
$_->send(q{CALL xbb.push('orders')}) for @workers[1 .. 7];
my @results = map { $_->result(300) } @workers;
is_deeply([ grep { $_->{sqlstate} ne '00000' } @results ], [], 'all eight end well');

my %wanted = map { ("K$_" => 1) } 1 .. $records;
my %judged = target_judge($target, \%wanted, once => 1);
is_deeply($judged{$_}, [], "nothing is $_") for qw(twice lost strange);
is($node->safe_psql('postgres', q{SELECT count(*) FROM xbb.push_item WHERE status = 'acknowledged'}), $records, 'all is acknowledged');
my $busy = $node->safe_psql('postgres', q{SELECT count(*) FROM xbb.push_run WHERE requests > 0});
cmp_ok($busy, '>', 1, "$busy workers had something to do");

# The simulator sees a request when it comes to it: what left in time may be seen a little late, and the next in time. So
# the count of any second may be one more than the rate; where the machine was too busy to tell, it is counted again.
my $most;
for my $version (2 .. 4)
{
	($most) = sim($target, 'stats') =~ /max_per_second=(\d+)/;
	last if $most <= $rate + 1;
	note("$most requests were seen in a second");
	sim($target, 'clear');
	$node->safe_psql('postgres', "UPDATE source SET version = $version");
	$_->send(q{CALL xbb.push('orders')}) for @workers;
	$_->result(300) for @workers;
}
cmp_ok($most, '<=', $rate + 1, "at most $most requests in any second");

$node->stop;
sim($target, 'remove');
done_testing();
