# Two hundred phone numbers in records that a push sends to a target which refuses them and says their words again:
# they stand in xbb.push_item, which only its owner reads, and in no line of the server's log, no run, no notification,
# no error, no view that is watched, no alert and no report, however they came to be refused.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $node = start_node('push_secrets', "log_min_messages = notice\nlog_error_verbosity = verbose\nlog_statement = 'none'\njit = off\n");
my $phones = qr/1390000\d{4}/;

# A target that says the request's body again: with a status, or as what it begins with, or in the shape of an answer.
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 32) or die "listen: $!";
my $pid = fork() // die "fork: $!";
if ($pid == 0)
{
	$SIG{CHLD} = 'IGNORE';
	while (my $client = $listener->accept)
	{
		fork() // die "fork: $!" and next;
		while (1)
		{
			my ($head, $body, $length) = ('', '', 0);

			while (my $line = <$client>)
			{
				$head .= $line;
				$length = $1 if $line =~ /^Content-Length: (\d+)/i;
				last if $line eq "\r\n";
			}
			last unless $head =~ m{^POST /(\w+)(?:/(\d+))?};
			my ($how, $status) = ($1, $2 // 200);
			read($client, $body, $length);
			(my $quoted = $body) =~ s/["\\]/ /g;
			my $answer = $how eq 'plain' ? $body : $how eq 'broken' ? "{\"code\": 0, $body" : $how eq 'mute' ? ''
			  : $how eq 'whole' ? "{\"code\": 7, \"message\": \"$quoted\"}"
			  : '{"code": 0, "data": [' . join(', ', map { "{\"id\": \"$_\", \"success\": false, \"message\": \"no $quoted\"}" } $body =~ /"id" *: *"([^"]*)"/g) . ']}';
			last if $how eq 'mute';
			print $client "HTTP/1.1 $status Said\r\nContent-Length: " . length($answer) . "\r\nX-Said: $quoted\r\n\r\n$answer";
		}
		POSIX::_exit(0);
	}
	POSIX::_exit(0);
}
end_with_test($pid);
my $url = 'http://127.0.0.1:' . $listener->sockport;

$node->safe_psql('postgres', <<"END");
CREATE ROLE watcher LOGIN IN ROLE pg_monitor;
CREATE TABLE source AS SELECT 'K' || n AS id, '1390000' || to_char(n, 'FM0000') AS phone FROM generate_series(1, 200) n;
CREATE SERVER erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url '$url', rate_limit '0', max_retries '0', request_timeout '5s');
CREATE USER MAPPING FOR CURRENT_USER SERVER erp;
SELECT xbb.create_alert_channel('log', 'log'), xbb.create_alert_channel('all', 'notify');
SELECT xbb.alter_alert('failing', threshold => 1), xbb.alter_alert('unsettled', hold => '0');
END
my $mark = -s $node->logfile;
# all that everybody may read
my @views = split(/\n/, $node->safe_psql('postgres', q{SELECT c.relname FROM pg_class c
	WHERE c.relnamespace = 'xbb'::regnamespace AND c.relkind = 'v' AND has_table_privilege('watcher', c.oid, 'SELECT')}));
cmp_ok(scalar(@views), '>', 20, scalar(@views) . ' views');

# The views in which a role finds the numbers.  Its owner finds them in the items; and what a target says of a request
# in stats, which nobody else does.
sub found_in
{
	my ($role) = @_;
	my @asked = map { "SELECT '$_' AS view WHERE EXISTS (SELECT FROM xbb.$_ v WHERE v::text ~ '1390000')" }
	  grep { $role || $_ ne 'push_item' && $_ ne 'stats' } @views;

	return $node->safe_psql('postgres', join(' UNION ALL ', @asked), extra_params => $role ? [ '-U', $role ] : []);
}

# Pushes to a target that answers so, evaluates the alerts, and looks where the numbers have got to.
sub look
{
	my ($name, $api, $query, %options) = @_;
	my $key = $options{key} // 'id';
	my ($out, $err) = ('', '');

	$node->safe_psql('postgres', "CREATE FOREIGN TABLE target (id text, phone text) SERVER erp OPTIONS (api '$api', batch_size '50', ok '\$.code == 0',
		message '\$.message', records '\$.data[*]', record_key '$key', record_ok '\$.success == true', record_message '\$.message');");
	$node->psql('postgres', "SET client_min_messages = notice; LISTEN xbb_push; LISTEN xbb_alert;
		SELECT xbb.create_push('p', source => '$query', target => 'target', key => '{$key}');\n"
		. "CALL xbb.push('p');\nCALL xbb.push('p', verbose => true);\nSELECT xbb.check_alerts();\nCALL xbb.send_alerts();\nSELECT 1;\n",
		stdout => \$out, stderr => \$err, on_error_stop => 0);
	my ($found) = slurp_file($node->logfile, $mark) =~ /(.*$phones.*)/;

	is($found, undef, "$name: the server's log");
	unlike("$out\n$err", $phones, "$name: what the client sees");
	my $items = $node->safe_psql('postgres', q{SELECT count(*) FROM xbb.push_item i WHERE i::text ~ '1390000'});
	is($items, $options{items}, "$name: the items have them");
	is(found_in($_), '', "$name: " . ($_ ? 'what a member of pg_monitor sees' : 'what its owner sees, but in items and stats')) for '', 'watcher';
	is($node->safe_psql('postgres', q{SELECT xbb.report() ~ '1390000'}), 'f', "$name: the report");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM xbb.push_run r WHERE r.status IN ('failed', 'incomplete')}, extra_params => [ '-U', 'watcher' ]) > 0,
		1, "$name: it was refused, which is seen");
	$node->safe_psql('postgres', q{SELECT xbb.drop_push('p'); DROP FOREIGN TABLE target});
	return;
}

my $all = 'SELECT id, phone FROM source';
# a request that is refused as a whole is sent again in halves, down to single records
my $few = 'SELECT id, phone FROM source ORDER BY phone LIMIT 20';

look('records refused', '/records', $all, items => 200);
look('a status', '/plain/400', $few, items => 20);
look('a server that fails', '/plain/500', $few, items => 20);
look('a request refused', '/whole', $few, items => 20);
look('no JSON', '/plain', $few, items => 20);
look('broken JSON', '/broken', $few, items => 20);
look('no answer', '/mute', $few, items => 20);
look('the number is the key', '/records', 'SELECT phone AS id, id AS phone FROM source', items => 200);
look('a key twice', '/records', 'SELECT phone AS id, id AS phone FROM source UNION ALL SELECT phone, id FROM source', items => 200);
look('the query fails', '/records', 'SELECT id, (phone || id)::numeric::text AS phone FROM source', items => 0);
$node->safe_psql('postgres', q{CREATE FUNCTION refuse(phone text) RETURNS text LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION 'no %', phone USING DETAIL = phone, HINT = phone, ERRCODE = 'AB001'; END $$});
look('the query says no', '/records', 'SELECT id, refuse(phone) AS phone FROM source', items => 0);
$node->stop;
done_testing();
