# Cancels scans in each kind of wait, and while one large answer comes and is read on a
# busy machine, and measures; see bench/cancel, which runs it.

use strict;
use warnings;

use FindBin;
use POSIX ();
use lib "$FindBin::RealBin/../test/t";
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Waits;
use Xbb;

my $rounds = 50;
my $node = waits_node('cancel');
my @waits = waits_create($node);
my $admin = Xbb::Session->new($node);
my $session = Xbb::Session->new($node);

# Cancels a statement; milliseconds until its error has come, undef if it was over before.
sub cancel_session
{
	my ($name) = @_;
	my $began = time;
	my $result;

	$admin->send("SELECT pg_cancel_backend($session->{pid})");
	$result = $session->result;
	my $taken = (time - $began) * 1000;
	$admin->result;
	return if $result->{sqlstate} ne '57014' && $name =~ /^answer/;
	BAIL_OUT("$name: $result->{sqlstate} $result->{error}") if $result->{sqlstate} ne '57014';
	return $taken;
}

sub report
{
	my ($name, @times) = @_;

	@times = sort { $a <=> $b } @times;
	my ($median, $worst) = @times[ @times / 2, -1 ];
	ok($median <= 100 && $worst <= 500, sprintf('%-34s median %6.1f ms, worst of %d %6.1f ms', $name, $median, scalar @times, $worst));
	return;
}

for my $wait (@waits)
{
	my @times;

	for my $round (1 .. $rounds)
	{
		# an API that never answers would be left alone
		waits_disarm($admin, $wait);
		$session->run("SELECT sum(data_id) FROM $wait->{table}") if $wait->{fault};
		waits_arm($admin, $wait);
		$session->send("SELECT sum(data_id) FROM $wait->{table}");
		waits_reached($admin, $wait, $session->{pid}) or BAIL_OUT("$wait->{name}: not reached");
		push @times, cancel_session($wait->{name});
	}
	report($wait->{name}, @times);
}

# an answer of nearly max_response_size, at any moment from the first byte to the last row
my $corpid = "dingLarge-$$";
my $seed = $ENV{SEED} // 1;
my @busy;
sim($corpid, 'create', token => 't0ken', products => 1, width => 4);
$session->run("CREATE SERVER large FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}', rate_limit '0', max_retries '0');"
	  . "CREATE USER MAPPING FOR PUBLIC SERVER large OPTIONS (token 't0ken');"
	  . "CREATE FOREIGN TABLE large (data_id bigint, name text OPTIONS (attr 'text_1'), record json OPTIONS (attr '*')) SERVER large OPTIONS (object 'product')");
for (1 .. POSIX::sysconf(84))	# _SC_NPROCESSORS_ONLN
{
	my $pid = fork() // die "fork: $!";

	if ($pid == 0) { 1 while 1; }
	push @busy, $pid;
}
end_with_test(@busy);
srand($seed);
note("beside @{[scalar @busy]} processes that never rest, SEED=$seed");
for my $answer (
	[ 'result', 'string', 'off' ], [ 'result', 'escapes', 'on' ], [ 'result', 'members', 'off' ], [ 'result', 'blanks', 'on' ],
	[ 'record', 'string', 'on' ], [ 'record', 'escapes', 'off' ], [ 'record', 'members', 'off' ], [ 'record', 'deep', 'on' ],
	[ 'msg', 'string', 'off' ], [ 'no-list', 'members', 'on' ])
{
	my ($where, $shape, $gzip) = @$answer;
	my $name = "answer: $shape in $where" . ($gzip eq 'on' ? ', gzip' : '');
	my $query = 'SELECT count(data_id), sum(length(name)), count(record) FROM large';
	my @times;

	sim($corpid, 'set', gzip => $gzip);
	sim($corpid, 'clear', what => 'all');
	sim($corpid, 'fault', what => 'bulk', mb => 66, in => $where, shape => $shape, at => 'every');
	$session->run($query);
	my $whole = $session->run($query)->{seconds};
	while (@times < $rounds)
	{
		my $until = time + $whole * rand;

		$session->send($query);
		sleep($until - time) if $until > time;
		my $taken = $session->ended ? do { $session->result; undef } : cancel_session($name);
		push @times, $taken if defined $taken;
		$whole *= 0.99 unless defined $taken;
	}
	report($name, @times);
}
$_->quit for $admin, $session;
done_testing();
