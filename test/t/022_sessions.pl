# What a backend keeps between statements can be let go, and is let go: connections by
# xbb.disconnect, DISCARD ALL and DROP SERVER, the token by DROP USER MAPPING.  What it asks
# can be seen in the server's log, and no secret with it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $corpid = "dingSessions-$$";
my $node = start_node('sessions', "logging_collector = off\n");
my $admin = Xbb::Session->new($node);

sim($corpid, 'create', token => 't0ken', products => 600, width => 4, freeze => 'on', latency => 20);
$admin->value(qq{
	CREATE SERVER kept FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', page_size '10', concurrency '20', max_retries '1', settle_time '0');
	CREATE USER MAPPING FOR PUBLIC SERVER kept OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE product (data_id bigint, update_time timestamptz) SERVER kept OPTIONS (object 'product');
	SELECT 1});

sub sockets
{
	my ($session) = @_;

	return scalar grep { (readlink($_) // '') =~ /^socket:/ } glob("/proc/$session->{pid}/fd/*");
}

# connections
my $session = Xbb::Session->new($node);
my $without = sockets($session);

for my $way ('SELECT xbb.disconnect(\'kept\')', 'SELECT xbb.disconnect()', 'DISCARD ALL')
{
	is($session->value('SELECT count(data_id) FROM product'), 600, 'a scan');
	cmp_ok(sockets($session) - $without, '>=', 10, '... keeps its connections');
	$session->run($way);
	is(sockets($session), $without, "$way: they are gone");
}
is($session->value("SELECT xbb.disconnect('kept')"), 'f', 'there is nothing more to end');
is($session->run("SELECT xbb.disconnect('nowhere')")->{sqlstate}, '42704', 'a server that does not exist');
is(join(' ', @{ $session->run('BEGIN; DECLARE c CURSOR FOR SELECT 1 FROM product; FETCH 1 FROM c; SELECT xbb.disconnect(); MOVE ALL FROM c; COMMIT')->{rows} }),
	'1 t', 'a scan under way goes on');
is(sockets($session), $without, '... and its connections end with it');
$session->value('SELECT count(data_id) FROM product');
$session->run('BEGIN; DROP SERVER kept CASCADE; ROLLBACK');
is($session->value('SELECT count(data_id) FROM product'), 600, 'DROP SERVER, rolled back, does no harm');
$session->run('BEGIN; DROP SERVER kept CASCADE; SAVEPOINT s; ROLLBACK TO s; COMMIT');
is(sockets($session), $without, 'DROP SERVER ends them');

# the token: no copy in the backend's own memory
my $secret = "T0k3n-of-$$-that-nobody-keeps";
sim($corpid, 'set', token => $secret);
$admin->value(qq{
	CREATE SERVER kept FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}', rate_limit '0', settle_time '0');
	CREATE USER MAPPING FOR PUBLIC SERVER kept OPTIONS (token '$secret');
	CREATE FOREIGN TABLE product (data_id bigint, update_time timestamptz) SERVER kept OPTIONS (object 'product');
	SELECT 1});

# A backend reads its own memory, region by region; what it has found is not kept in it.
sub copies
{
	my ($in) = @_;
	my $n = 0;

	for my $region (@{ $in->run(q{SELECT line FROM string_to_table(pg_read_file('/proc/self/maps'), E'\n') line WHERE line ~ '^\S+ rw-p' AND line !~ '/dev/zero'})->{rows} })
	{
		my ($from, $to) = map { hex } $region =~ /^([0-9a-f]+)-([0-9a-f]+) /;

		for (my $at = $from; $at < $to; $at += 1 << 20)
		{
			my $length = $to - $at < 1 << 20 ? $to - $at : 1 << 20;
			my $bytes = $in->value("SELECT encode(pg_read_binary_file('/proc/self/mem', $at, $length), 'hex')") // '';

			$n += () = pack('H*', $bytes) =~ /\Q$secret\E/g;
		}
	}
	return $n;
}

my $reader = Xbb::Session->new($node);
is($reader->value('SELECT count(data_id) FROM product'), 600, 'a scan with the token');
$reader->run('DROP USER MAPPING FOR PUBLIC SERVER kept');
is(copies($reader), 0, 'DROP USER MAPPING leaves no copy of it');
$admin->run("CREATE USER MAPPING FOR PUBLIC SERVER kept OPTIONS (token '$secret')");
my $other = Xbb::Session->new($node);
is($other->value('SELECT count(data_id) FROM product'), 600, 'a scan in another backend');
cmp_ok(copies($other), '>', 0, '... which keeps the token: the test sees it');
$other = Xbb::Session->new($node);
$other->value('SELECT count(data_id) FROM product');
$admin->run('DROP USER MAPPING FOR PUBLIC SERVER kept');
$other->run('SELECT 1 FROM pg_class LIMIT 1');
is(copies($other), 0, 'another backend drops it with its next transaction');

# the log
$admin->run("CREATE USER MAPPING FOR PUBLIC SERVER kept OPTIONS (token '$secret')");
my $mark = -s $node->logfile;
my $logged = sub { my $text = slurp_file($node->logfile, $mark); $mark = -s $node->logfile; return [ $text =~ /LOG:  xbb_fdw: (.*)/g ] };

$reader = Xbb::Session->new($node);
$reader->value("SELECT count(data_id) FROM product");
is(scalar @{ $logged->() }, 0, 'nothing is logged by default');
$reader->run("SET xbb_fdw.log_requests = 'all'");
sim($corpid, 'clear');
$reader->value("SELECT count(data_id) FROM product WHERE update_time >= '2020-01-01' AND update_time < '2026-01-01'");
my $lines = $logged->();
is(scalar @$lines, sim($corpid, 'count'), 'all: a line a request');
like($lines->[0], qr{^POST /pro/v2/api/product/list, page 1, updateTime from \d+ to \d+, server "kept": \d+ ms, \d+ bytes, HTTP status 200, retries 0: \d+ records$}, '... with endpoint, page, window, time, size, code');
sim($corpid, 'fault', what => 'status', code => 503);
$reader->value('SELECT count(data_id) FROM product');
$lines = $logged->();
is(scalar(grep { /: failed, the API answered with HTTP status 503$/ } @$lines), 1, '... the failed ones, too');
is(scalar(grep { /retries 1: \d+ records$/ } @$lines), 1, '... and which was sent again');
$reader->run("SET xbb_fdw.log_requests = 'failed'");
sim($corpid, 'fault', what => 'code', msg => "\xe7\xb3\xbb\xe7\xbb\x9f\xe7\xb9\x81\xe5\xbf\x99");
$reader->value('SELECT count(data_id) FROM product');
$lines = $logged->();
like(join("\n", @$lines), qr{^[^\n]*retries 0: failed, the API refused the request: code 100000, "[^"\n]+"$}, 'failed: those alone');
unlike(slurp_file($node->logfile), qr/LOG:  xbb_fdw:[^\n]*(?:\Q$secret\E|\b[0-9a-f]{64}\b|"dataId")/, 'no secret, no signature, no record');
is($reader->run("SET xbb_fdw.log_requests = 'some'")->{sqlstate}, '22023', 'other words are refused');
$admin->run('CREATE ROLE nobody LOGIN');
is(Xbb::Session->new($node, user => 'nobody')->run("SELECT xbb.disconnect(); SET xbb_fdw.log_requests = 'none'")->{sqlstate}, '42501', 'it is for superusers to set');

done_testing();
