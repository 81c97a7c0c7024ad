# What the TAP tests share: a server with the extension, sessions whose errors
# and times are seen, and the simulator of the API.
package Xbb;

use strict;
use warnings;

use Exporter 'import';
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(start_node kill_server sim held sim_url start_simulator end_with_test wait_until long_run);

my @programs;

END
{
	my $status = $?;

	kill('TERM', @programs) if @programs;
	waitpid($_, 0) for @programs;
	$? = $status;
}

# A cluster with both extensions in database postgres.
sub start_node
{
	my ($name, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', "fsync = off\n" . ($conf // '') . "\n");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION xbb_etl CASCADE');
	return $node;
}

# Kills the postmaster and all its children, and waits until they are gone.
sub kill_server
{
	my ($node) = @_;
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my @children = split(/\s+/, `ps -o pid= --ppid $postmaster`);

	$node->kill9;
	kill(9, grep { $_ } @children);
	# who is dead, but not buried yet, would be taken for a running server
	wait_until(sub { !grep { $_ && kill(0, $_) } $postmaster, @children })
		or die 'the server does not die';
	return;
}

sub sim_url { return $ENV{XBB_SIM_URL}; }

# Larger numbers where XBB_LONG is set.
sub long_run { return $ENV{XBB_LONG} ? $_[1] : $_[0]; }

# Speaks to the simulator, in bytes: sim('corpid', 'verb', key => value, ..., 'JSON').
sub sim
{
	my ($corpid, $verb, @words) = @_;
	my @rest = @words % 2 ? pop @words : ();
	my %args = @words;
	my ($place) = sim_url() =~ m{^http://([^/]+)} or die 'XBB_SIM_URL is not set';
	my $order = JSON::PP->new->encode(
		{ corpid => $corpid, verb => $verb, args => { map { $_ => "$args{$_}" } keys %args }, rest => \@rest });
	my $socket = IO::Socket::INET->new(PeerAddr => $place) or die "simulator: $!";

	print $socket "POST /_ctl HTTP/1.0\r\nContent-Length: " . length($order) . "\r\n\r\n$order";
	local $/;
	my $answer = <$socket>;
	$answer =~ s/^.*?\r\n\r\n//s;
	my $reply = JSON::PP->new->decode($answer);
	die "simulator: $reply->{text}" unless $reply->{ok};
	return $reply->{text};
}

# Waits until a hold of the simulator has caught a request of a session's statement: true
# then, false if the statement ended without.
sub held
{
	my ($corpid, $session, $name) = @_;
	my $caught = 0;

	wait_until(sub { ($caught = sim($corpid, 'held', name => $name // 'hold')) || $session->ended }, 600)
	  or die 'neither a request nor an end of the statement';
	return $caught;
}

# A child that is to be ended when the test does.
sub end_with_test
{
	push @programs, @_;
	return;
}

# Starts another simulator; returns its port.  It ends with the test.
sub start_simulator
{
	my @options = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/port';
	my $pid = fork() // die "fork: $!";

	if ($pid == 0)
	{
		exec('python3', $ENV{XBB_SIM}, 'serve', '--port', '0', '--port-file', $file, @options) or POSIX::_exit(1);
	}
	end_with_test($pid);
	wait_until(sub { -s $file }) or die 'the simulator did not start';
	return slurp_file($file) + 0;
}

# True once the condition holds; false if it never does.
sub wait_until
{
	my ($condition, $seconds) = @_;
	my $end = time + ($seconds // 100);

	until ($condition->())
	{
		return 0 if time > $end;
		sleep 0.05;
	}
	return 1;
}

# A psql of the user given, kept open.
package Xbb::Session;

use IO::Select;
use IPC::Open2 qw(open2);
use Time::HiRes qw(time);

sub new
{
	my ($class, $node, %options) = @_;
	my $self = bless { count => 0, buffer => '' }, $class;
	my $connection = $node->connstr($options{database} // 'postgres') . ' user=' . ($options{user} // getpwuid($<));

	$connection .= " options='$options{options}'" if $options{options};
	# one stream for results and errors, in their order
	$self->{process} = open2($self->{out}, $self->{in}, 'sh', '-c',
		'exec psql -XAtq -v VERBOSITY=verbose -d "$0" -f - 2>&1', $connection);
	$self->{pid} = $self->run('SELECT pg_backend_pid()')->{rows}[0];
	return $self;
}

# Sends statements without waiting for them.
sub send
{
	my ($self, $sql) = @_;

	$self->{count}++;
	$self->{began} = time;
	local $SIG{PIPE} = 'IGNORE';
	print { $self->{in} } "$sql\n;\n\\echo <<END $self->{count}>>\n";
	$self->{in}->flush;
	return $self;
}

# What came of them: rows, error (its message and the rest), sqlstate (00000
# without an error), seconds, and gone if the connection was lost.
sub result
{
	my ($self, $patience) = @_;
	my $end = time + ($patience // 100);
	my $select = IO::Select->new($self->{out});
	my %result = (rows => [], error => '', sqlstate => '00000');
	my $mark = "<<END $self->{count}>>\n";
	my $part;

	while (($part = index($self->{buffer}, $mark)) < 0)
	{
		my $left = $end - time;

		die "no answer from psql: $self->{buffer}" if $left < 0;
		next unless $select->can_read($left);
		next if sysread($self->{out}, $self->{buffer}, 65536, length $self->{buffer});
		$result{gone} = 1;
		$part = length $self->{buffer};
		last;
	}
	my $text = substr($self->{buffer}, 0, $part);
	$self->{buffer} = substr($self->{buffer}, $part + ($result{gone} ? 0 : length $mark));
	$result{seconds} = time - $self->{began};
	my @lines = split /\n/, $text, -1;
	pop @lines if @lines && $lines[-1] eq '';
	# a sync's line of what it did is neither
	for my $line (grep { !/^(?:psql:\S+ )?INFO:/ } @lines)
	{
		if ($line =~ /(?:ERROR|FATAL):  (\w{5}): /)
		{
			$result{sqlstate} = $1;
			$result{error} .= "$line\n";
		}
		elsif ($line =~ /^(?:DETAIL|HINT|LOCATION|CONTEXT|NOTICE|WARNING|psql:|server closed|\s)/)
		{
			$result{error} .= "$line\n" unless $line =~ /^LOCATION/;
		}
		else
		{
			push @{ $result{rows} }, $line;
		}
	}
	return \%result;
}

# True once the statement has ended; does not wait for it.
sub ended
{
	my ($self) = @_;
	my $select = IO::Select->new($self->{out});

	while ($select->can_read(0))
	{
		sysread($self->{out}, $self->{buffer}, 65536, length $self->{buffer}) or return 1;
	}
	return index($self->{buffer}, "<<END $self->{count}>>\n") >= 0;
}

sub run
{
	my ($self, $sql, $patience) = @_;

	return $self->send($sql)->result($patience);
}

# The first value, of statements that must succeed.
sub value
{
	my ($self, $sql) = @_;
	my $result = $self->run($sql);

	die "$sql: $result->{error}" if $result->{sqlstate} ne '00000' || !@{ $result->{rows} };
	return $result->{rows}[0];
}

sub quit
{
	my ($self) = @_;

	close $self->{in};
	waitpid($self->{process}, 0);
	return;
}

1;
