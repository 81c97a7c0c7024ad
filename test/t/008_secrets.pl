# Whose secret a scan uses is decided by the rights it runs with, as for any
# other table; nobody else can use or see it, and it stands in nothing that the
# extension writes.  Where requests may go is for superusers to say.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $token = "T0k3n-of-$$-that-nobody-sees";
my $corpid = "dingSecrets-$$";
my $node = start_node('secrets');
my $super = Xbb::Session->new($node);

sim($corpid, 'create', token => $token, products => 30, width => 4);
sim($corpid, 'set', log_body => 'on', log_headers => 'sign,userid,authorization,cookie,content-type,user-agent');

# the server's own log of statements is not the extension's
$super->value(qq{
	SET log_statement = 'none';
	CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN;
	CREATE SERVER secrets FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', page_size '10', max_retries '1', request_timeout '60s', max_response_size '100kB', settle_time '0');
	CREATE USER MAPPING FOR alice SERVER secrets OPTIONS (token '$token', user_id 'a-alice');
	CREATE USER MAPPING FOR bob SERVER secrets OPTIONS (token '$token', user_id 'a-bob');
	CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1')) SERVER secrets OPTIONS (object 'product');
	GRANT SELECT ON product TO alice, bob, carol;
	GRANT CREATE ON SCHEMA public TO alice;
	RESET log_statement;
	SELECT 1});
$node->safe_psql('postgres', "ALTER SYSTEM SET log_min_messages = 'debug5'; ALTER SYSTEM SET log_error_verbosity = 'verbose'; SELECT pg_reload_conf()");

my %by = map { $_ => Xbb::Session->new($node, user => $_) } qw(alice bob carol);

$by{alice}->value(q{
	CREATE VIEW of_alice AS SELECT * FROM product;
	CREATE VIEW of_reader WITH (security_invoker = true) AS SELECT * FROM product;
	CREATE FUNCTION as_alice() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(data_id) FROM product';
	CREATE FUNCTION as_caller() RETURNS bigint LANGUAGE sql AS 'SELECT count(data_id) FROM product';
	GRANT SELECT ON of_alice, of_reader TO PUBLIC;
	SELECT 1});

# Who was asking, as the API sees it; or the SQLSTATE and the requests sent.
sub asked
{
	my ($session, $query) = @_;
	my ($result, %users);

	sim($corpid, 'clear');
	$result = $session->run($query);
	$users{$_} = 1 for split ' ', sim($corpid, 'log', fields => 'user');
	return "$result->{sqlstate} " . join(',', sort keys %users) if $result->{sqlstate} ne '00000';
	return join(',', sort keys %users);
}

my $none = '42704 ';
my %queries = (
	'the table' => 'SELECT data_id FROM product',
	'a view of alice' => 'SELECT data_id FROM of_alice',
	'a security_invoker view of alice' => 'SELECT data_id FROM of_reader',
	'a SECURITY DEFINER function of alice' => 'SELECT as_alice()',
	'a function of alice' => 'SELECT as_caller()',
	'a prepared count' => 'PREPARE p AS SELECT count(*) FROM product; EXECUTE p; DEALLOCATE p',
);
my %expected = (
	'the table' => [ 'a-alice', 'a-bob', $none ],
	'a view of alice' => [ 'a-alice', 'a-alice', 'a-alice' ],
	'a security_invoker view of alice' => [ 'a-alice', 'a-bob', $none ],
	'a SECURITY DEFINER function of alice' => [ 'a-alice', 'a-alice', 'a-alice' ],
	'a function of alice' => [ 'a-alice', 'a-bob', $none ],
	'a prepared count' => [ 'a-alice', 'a-bob', $none ],
);

for my $query (sort keys %queries)
{
	my @expected = @{ $expected{$query} };

	is(asked($by{$_}, $queries{$query}), shift @expected, "$_ reads $query") for qw(alice bob carol);
}

# one session, many roles: a connection of one is not used for another
for my $role (qw(alice bob carol bob alice))
{
	$super->run("SET ROLE $role");
	is(asked($super, $queries{'the table'}), { alice => 'a-alice', bob => 'a-bob', carol => $none }->{$role}, "SET ROLE $role");
}
$super->run('RESET ROLE');
is(asked($super, $queries{'the table'}), $none, 'a superuser without a mapping has no secret either');
is(asked($super, $queries{'a view of alice'}), 'a-alice', '... but reads views');

# the plan of one role is not another's
$super->run('PREPARE q AS SELECT data_id FROM product');
for my $role (qw(alice bob alice))
{
	$super->run("SET ROLE $role");
	is(asked($super, 'EXECUTE q'), "a-$role", "a prepared statement of $role");
}
$super->run('RESET ROLE');

# rights are taken away
$super->run('REVOKE SELECT ON product FROM alice');
is(asked($by{carol}, $queries{'a view of alice'}), '42501 ', 'a view does no more than its owner may');
$super->run('GRANT SELECT ON product TO alice');

# PUBLIC
$super->value("SET log_statement = 'none'; CREATE USER MAPPING FOR PUBLIC SERVER secrets OPTIONS (token '$token', user_id 'a-public'); SELECT 1");
is(asked($by{carol}, $queries{'the table'}), 'a-public', 'a mapping for PUBLIC serves those without one');
is(asked($by{alice}, $queries{'the table'}), 'a-alice', '... not those with one');
$super->run('DROP USER MAPPING FOR PUBLIC SERVER secrets');
is(asked($by{carol}, $queries{'the table'}), $none, 'once dropped, it serves nobody, nor do the sessions made with it');
$super->run("CREATE USER MAPPING FOR carol SERVER secrets OPTIONS (user_id 'a-carol')");
my $result = $by{carol}->run($queries{'the table'});
like("$result->{sqlstate} $result->{error}", qr/^HV\w+ .*token.*HINT:.*ALTER USER MAPPING/s, 'a mapping without a token is an error, not another\'s secret');
$super->run('DROP USER MAPPING FOR carol SERVER secrets');

# who sees it
my $see = "SELECT count(*) FROM pg_user_mappings WHERE umoptions::text LIKE '%T0k3n-of-%'";
is($by{carol}->value($see), 0, 'carol sees no secret');
is($by{bob}->value($see =~ s/WHERE/WHERE usename <> 'bob' AND/r), 0, 'bob sees none of others\'');
is($by{carol}->run('SELECT umoptions FROM pg_user_mapping')->{sqlstate}, '42501', 'the catalog itself is closed');
is($by{bob}->run("ALTER USER MAPPING FOR alice SERVER secrets OPTIONS (SET user_id 'x')")->{sqlstate}, '42501', 'nor may bob change alice\'s');
is($by{carol}->run('DROP USER MAPPING FOR carol SERVER secrets')->{sqlstate} ne '00000', 1, 'nor carol drop what she has not');

# superusers say where requests go
$super->run('GRANT USAGE ON FOREIGN DATA WRAPPER xbb_fdw TO carol');
my @servers = (
	[ q{base_url 'https://example.com'}, '42501' ],
	[ q{base_url 'http://127.0.0.1:1'}, '42501' ],
	[ q{base_url 'http://proapi.xbongbong.com'}, '42501' ],
	[ q{base_url 'https://proapi.xbongbong.com.example.com'}, '42501' ],
	[ q{base_url 'https://proapi.xbongbong.com:8443'}, '42501' ],
	[ q{base_url 'https://proapi.xbongbong.com@example.com'}, 'HV024' ],
	[ q{ca_file '/etc/passwd'}, '42501' ],
	[ q{base_url 'https://proapi.xbongbong.com'}, '00000' ],
	[ q{base_url 'https://appapi.xbongbong.com:443/'}, '00000' ],
);
for my $case (@servers)
{
	my ($options, $sqlstate) = @$case;

	is($by{carol}->run("BEGIN; CREATE SERVER mine FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'x', $options)")->{sqlstate}, $sqlstate, "carol's server with $options");
	$by{carol}->run('ROLLBACK');
}
$by{carol}->run("CREATE SERVER mine FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'x')");
is($by{carol}->run("ALTER SERVER mine OPTIONS (ADD base_url 'http://127.0.0.1:1')")->{sqlstate}, '42501', 'ALTER SERVER by its owner: not elsewhere');
is($by{carol}->run("ALTER SERVER mine OPTIONS (ADD ca_file '/etc/passwd')")->{sqlstate}, '42501', '... nor with other authorities');
is($by{carol}->run("ALTER SERVER mine OPTIONS (ADD rate_limit '1')")->{sqlstate}, '00000', '... other options are the owner\'s');
$super->run("ALTER SERVER mine OPTIONS (ADD base_url 'http://127.0.0.1:1')");
is($by{carol}->run("ALTER SERVER mine OPTIONS (SET corpid 'y')")->{sqlstate}, '42501', '... until a superuser has set one of those');

# the secret in nothing: provoke whatever writes
my @texts;
for my $fault (map { [ what => $_ ] } qw(close half hang html empty truncated bad-utf8 nul no-list wrong-type busy bad-gzip redirect
	endless bad-status-line success-false))
{
	sim($corpid, 'fault', @$fault, at => 'every');
	$super->run("ALTER SERVER secrets OPTIONS (SET request_timeout '300ms')") if $fault->[1] eq 'hang';
	push @texts, $by{alice}->run($queries{'the table'})->{error};
	$super->run("ALTER SERVER secrets OPTIONS (SET request_timeout '60s')");
	sim($corpid, 'clear', what => 'faults');
}
for my $code (400, 401, 403, 404, 429, 503)
{
	sim($corpid, 'fault', what => 'status', code => $code, times => 2);
	push @texts, $by{alice}->run($queries{'the table'})->{error};
}
push @texts, $super->run("SET log_min_error_statement = 'panic'; CREATE USER MAPPING FOR carol SERVER secrets OPTIONS (tokn '$token')")->{error};
push @texts, $super->run("CREATE USER MAPPING FOR carol SERVER secrets OPTIONS (token ' $token')")->{error};
push @texts, $super->run("CREATE SERVER wrong FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'x', base_url 'https://user:$token\@example.com')")->{error};
is(scalar(grep { /ERROR/ } @texts), scalar @texts, 'errors of all kinds');
push @texts, join("\n", @{ $by{alice}->run($_)->{rows} })
  for ('EXPLAIN VERBOSE SELECT * FROM product', 'EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM product WHERE data_id > 5',
	'EXPLAIN (VERBOSE, FORMAT json) SELECT count(*) FROM product', 'TABLE xbb.stats', 'SELECT * FROM pg_stat_activity',
	'SELECT * FROM xbb.options()');
$by{alice}->run('SET client_min_messages = debug5');
push @texts, $by{alice}->run($queries{'the table'})->{error};
like($texts[-1], qr/DEBUG: /, 'messages to the client were looked at');
$by{alice}->run('RESET client_min_messages');
push @texts, join("\n", @{ $super->run('SELECT s FROM xbb.stats s')->{rows} }), join("\n", @{ $super->run('SELECT s FROM pg_stat_activity s')->{rows} });
push @texts, sim($corpid, 'log', fields => 'path,user,params,headers,body');
like($texts[-1], qr/sign/, 'what is sent was looked at');
is(scalar(grep { /\Q$token\E/ } @texts), 0, 'the token is in no error, plan, view or request');

my $log = slurp_file($node->logfile);
ok($log =~ /DEBUG: /, 'the server\'s log is talkative');
ok(index($log, $token) < 0, 'the token is not in the server\'s log');
is($by{alice}->value('SELECT count(data_id) FROM product'), 30, 'and it still serves');

$_->quit for $super, values %by;
done_testing();
