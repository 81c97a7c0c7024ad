# Every wait ends before its time: by cancel, by statement_timeout, by
# pg_terminate_backend and by the postmaster's death, whether the name is being
# resolved, the connection made, TLS agreed upon, an answer awaited or read, or
# the scan backs off, waits for its slot, or for the list to settle.  What remains is
# a session that works.  How soon is measured by bench/cancel.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Waits;
use Xbb;

# The waits last for a minute or more: nothing within this is nothing at all.
my $soon = 40;

my $node = waits_node('cancel');
my @waits = waits_create($node);
my $admin = Xbb::Session->new($node);
my $truth = waits_truth();

# A session for each wait, in it.
sub begin
{
	my ($settings) = @_;

	waits_arm($admin, @waits);
	return map {
		my $session = Xbb::Session->new($node);
		$session->run($settings) if $settings;
		{ wait => $_, session => $session->send("SELECT sum(data_id) FROM $_->{table}") };
	} @waits;
}

sub works
{
	my ($case, $way) = @_;
	my $session = $case->{session};
	my $pid = $session->{pid};

	is($session->value('SELECT pg_backend_pid() || \' \' || count(*) || \' \' || sum(data_id) FROM good'),
		"$pid $truth", "$case->{wait}{name}, $way: the same backend reads well");
	$session->quit;
	return;
}

# by cancel
my @cases = begin();
for my $case (@cases)
{
	my $name = $case->{wait}{name};
	my $result;

	ok(waits_reached($admin, $case->{wait}, $case->{session}{pid}), "$name: waits, under its name");
	$admin->run("SELECT pg_cancel_backend($case->{session}{pid})");
	$result = $case->{session}->result($soon);
	is($result->{sqlstate}, '57014', "$name, cancel: SQLSTATE") or diag($result->{error});
}
waits_disarm($admin, @waits);
works($_, 'cancel') for @cases;

# by statement_timeout, on the same kind of session
@cases = begin("SET statement_timeout = '2s'");
for my $case (@cases)
{
	my $name = $case->{wait}{name};
	my $result = $case->{session}->result($soon);

	is($result->{sqlstate}, '57014', "$name, statement_timeout: SQLSTATE") or diag($result->{error});
	like($result->{error}, qr/statement timeout/, "$name, statement_timeout: message");
}
waits_disarm($admin, @waits);
$_->{session}->run('RESET statement_timeout') for @cases;
works($_, 'statement_timeout') for @cases;

# by pg_terminate_backend
@cases = begin();
for my $case (@cases)
{
	my $name = $case->{wait}{name};
	my $result;

	ok(waits_reached($admin, $case->{wait}, $case->{session}{pid}), "$name: waits");
	$admin->run("SELECT pg_terminate_backend($case->{session}{pid})");
	$result = $case->{session}->result($soon);
	is($result->{sqlstate}, '57P01', "$name, terminate: SQLSTATE") or diag($result->{error});
	ok($result->{gone}, "$name, terminate: the connection has ended");
	ok(wait_until(sub { !kill(0, $case->{session}{pid}) }, $soon), "$name, terminate: so has the process");
}
waits_disarm($admin, @waits);

# by the postmaster's death: all at once
@cases = begin();
ok(waits_reached($admin, $_->{wait}, $_->{session}{pid}), "$_->{wait}{name}: waits") for @cases;
$node->kill9;
for my $case (@cases)
{
	ok(wait_until(sub { !kill(0, $case->{session}{pid}) }, $soon), "$case->{wait}{name}: dies with the postmaster");
}
$_->{session}->quit for @cases;
$admin->quit;
ok(wait_until(sub { $node->start(fail_ok => 1) }), 'the cluster starts again');
is($node->safe_psql('postgres', 'SELECT count(*), sum(data_id) FROM good') =~ s/\|/ /r, $truth, 'and reads well');

done_testing();
