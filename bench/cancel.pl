# Cancels scans in each kind of wait and measures; see bench/cancel, which runs
# it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../test/t";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Waits;
use Xbb;

my $rounds = 50;
my $node = waits_node('cancel');
my @waits = waits_create($node);
my $admin = Xbb::Session->new($node);
my $session = Xbb::Session->new($node);

for my $wait (@waits)
{
	my @times;

	for my $round (1 .. $rounds)
	{
		my ($began, $result);

		waits_arm($admin, $wait);
		$session->send("SELECT sum(data_id) FROM $wait->{table}");
		waits_reached($admin, $wait, $session->{pid}) or BAIL_OUT("$wait->{name}: not reached");
		$began = time;
		$admin->send("SELECT pg_cancel_backend($session->{pid})");
		$result = $session->result;
		push @times, (time - $began) * 1000;
		$admin->result;
		BAIL_OUT("$wait->{name}: $result->{sqlstate} $result->{error}") if $result->{sqlstate} ne '57014';
	}
	@times = sort { $a <=> $b } @times;
	my ($median, $worst) = @times[ $rounds / 2, -1 ];
	ok($median <= 100 && $worst <= 500, sprintf('%-12s median %6.1f ms, worst of %d %6.1f ms', $wait->{name}, $median, $rounds, $worst));
}
$_->quit for $admin, $session;
done_testing();
