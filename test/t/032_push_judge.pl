# The judge of pushes finds what it is there for: planted doubles, losses, versions that went
# back, requests that came again with other bytes, and answers that nobody heard.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IO::Socket::INET;
use Test::More;
use Target;
use Xbb;

my $target = "targetJudge-$$";
my $port;

sub make
{
	($port) = target_create($target, @_) =~ /:(\d+)$/;
	return;
}

# Posts records, each "key version"; the connection ends with the answer.
sub post
{
	my ($header, @records) = @_;
	my $body = '[' . join(',', map { my ($key, $version) = split / /; qq({"id":"$key","version":$version}) } @records) . ']';
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or die "simulator: $!";

	print $socket "POST /api/execute HTTP/1.0\r\n${header}Content-Length: " . length($body) . "\r\n\r\n$body";
	local $/;
	return scalar <$socket>;
}

my @kinds = qw(twice back lost strange changed);

sub judged
{
	my ($wanted, %options) = @_;
	my %judged = target_judge($target, $wanted, %options);

	return join(' ', map { @{ $judged{$_} } ? "$_=" . join(',', @{ $judged{$_} }) : () } @kinds);
}

make(twice => 'upsert');
post('', 'A 1', 'B 1');
is(judged({ A => 1, B => 1 }, once => 1), '', 'all is well');
is(judged({ A => 1, B => 2, C => 1 }), 'lost=B,C', 'a version that did not come, a record that did not');
is(judged({ A => 1 }), 'strange=B', 'a record that nobody wanted');
post('', 'A 1');
is(judged({ A => 1, B => 1 }), '', 'once more, where it does no harm');
is(judged({ A => 1, B => 1 }, once => 1), 'twice=A', '... and where it does');
post('', 'A 3');
post('', 'A 2');
is(judged({ A => 2, B => 1 }), 'back=A', 'an older version after a newer one');
post('', 'A 4');
is(judged({ A => 4, B => 1 }), '', '... that a later one has mended');

make(twice => 'double');
post('', 'A 1');
post('', 'A 1');
is(judged({ A => 1 }), 'twice=A', 'a record that is there twice');

make(twice => 'double', idempotency => 'on');
post("Idempotency-Key: k\r\n", 'A 1') for 1, 2;
is(judged({ A => 1 }, once => 1), '', 'the same key, the same bytes');
post("Idempotency-Key: k\r\n", 'A 2');
is(judged({ A => 1 }, once => 1), 'changed=k', '... and others');

make();
sim($target, 'fault', what => $_) for qw(close);
post('', 'A 1', 'B 1');
post('', 'B 1');
sim($target, 'fault', what => 'lost');
post('', 'C 1');
sim($target, 'fault', what => 'delay', ms => 10);
post('', 'D 1');
sim($target, 'fault', what => 'says', kind => 'busy');
post('', 'E 1');
is(join(' ', target_unheard($target)), 'A C D', 'whose last answer did not come, or not in time');

sim($target, 'remove');
done_testing();
