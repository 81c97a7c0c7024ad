# Two hundred phone numbers in records that a sync rejects: they stand in xbb.sync_reject, and in no
# line of the server's log, no run of the sync's log, no notification, no error, no view that is watched,
# no alert and no report, however the records came to be rejected and the run to its end.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $node = start_node('sync_secrets');
my $phones = qr/1390000\d{4}/;

$node->append_conf('postgresql.conf', "log_min_messages = notice\nlog_error_verbosity = verbose\nlog_statement = 'none'\njit = off");
$node->reload;
$node->safe_psql('postgres', <<'END');
CREATE TABLE source AS
  SELECT n::bigint AS data_id, '2026-01-01'::timestamptz + n * interval '1 s' AS update_time, 'S' || n AS serial_no,
         '1390000' || to_char(n, 'FM0000') AS phone FROM generate_series(1, 210) n;
UPDATE source SET phone = NULL WHERE data_id > 200;
CREATE ROLE watcher LOGIN IN ROLE pg_monitor;
SELECT xbb.create_alert_channel('log', 'log'), xbb.create_alert_channel('all', 'notify'), xbb.alter_alert('failing', threshold => 1);
CREATE TABLE book (phone text UNIQUE);
INSERT INTO book SELECT phone FROM source WHERE data_id = 50;
END
my $mark = -s $node->logfile;
# all that everybody may read
my @views = split(/\n/, $node->safe_psql('postgres', q{SELECT c.relname FROM pg_class c
	WHERE c.relnamespace = 'xbb'::regnamespace AND c.relkind = 'v' AND has_table_privilege('watcher', c.oid, 'SELECT')}));
cmp_ok(scalar(@views), '>', 20, scalar(@views) . ' views');

# The views in which a role finds the numbers.
sub found_in
{
	my ($role) = @_;
	my @asked = map { "SELECT '$_' AS view WHERE EXISTS (SELECT FROM xbb.$_ v WHERE v::text ~ '1390000')" } @views;

	return $node->safe_psql('postgres', join(' UNION ALL ', @asked), extra_params => $role ? [ '-U', $role ] : []);
}

# Makes a target, runs a statement over it, and looks where the numbers have got to.
sub look
{
	my ($name, $rejects, $target, $columns, $call) = @_;
	my ($out, $err);

	$node->psql('postgres', "DROP TABLE IF EXISTS target CASCADE; CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, $target);"
		. "SELECT xbb.create_sync('s', 'source', 'target', columns => '$columns', label => 'serial_no');");
	$node->psql('postgres', "LISTEN xbb_sync; LISTEN xbb_alert;\n$call;\nSELECT xbb.check_alerts();\nCALL xbb.send_alerts();\nSELECT 1;\n", stdout => \$out, stderr => \$err, on_error_stop => 0);
	like("$out\n$err", qr/INFO|ERROR/, "$name: it ran");
	my ($found) = slurp_file($node->logfile, $mark) =~ /(.*$phones.*)/;

	is($found, undef, "$name: the server's log");
	unlike("$out\n$err", $phones, "$name: what the client sees");
	is(found_in(''), $rejects ? 'sync_reject' : '', "$name: what its owner sees");
	is(found_in('watcher'), '', "$name: what a member of pg_monitor sees");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM xbb.task_status WHERE kind = 'sync' AND last_started IS NOT NULL}, extra_params => [ '-U', 'watcher' ]), 1,
		"$name: he sees that it ran");
	is($node->safe_psql('postgres', q{SELECT xbb.report() ~ '1390000'}), 'f', "$name: the report");
	is($node->safe_psql('postgres', q{SELECT count(*) FROM xbb.sync_reject WHERE raw::text ~ '1390000'}), $rejects, "$name: the rejects");
	$node->safe_psql('postgres', q{SELECT xbb.drop_sync('s')});
	return;
}

my $all = '{"serial_no": "serial_no", "phone": "phone"}';
my $call = "CALL xbb.sync('s')";
my $refuse = 'CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF NEW.phone IS NOT NULL THEN RAISE EXCEPTION \'no %\', NEW.phone USING DETAIL = NEW.phone, HINT = NEW.phone, ERRCODE = \'AB001\'; END IF;
  RETURN NEW; END $$; CREATE TRIGGER refuse BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION refuse();';

look('a check', 200, 'serial_no text, phone text CHECK (phone IS NULL)', $all, $call);
look('a type', 200, 'serial_no text, phone integer', '{"serial_no": "serial_no", "phone": "phone::integer"}', $call);
look('a key', 200, 'serial_no text, phone text REFERENCES book (phone) CHECK (phone !~ \'50\')', $all, $call);
look('a trigger', 200, 'serial_no text, phone text', $all, "$refuse $call");
look('a trigger, and a limit', 11, 'serial_no text, phone text', $all,
	"CREATE TRIGGER refuse BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION refuse(); SELECT xbb.alter_sync('s', reject_limit => 10);\n$call");
look('an unknown table', 0, 'serial_no text, phone text', '{"serial_no": "serial_no", "phone": "(phone::regclass)::text"}', $call);
look('a table of all numbers', 0, 'serial_no text, phone text', '{"serial_no": "serial_no", "phone": "(\'\'p\'\' || phone)::regclass::text"}', $call);
look('a type, with the server\'s detail', 200, 'serial_no text, phone numeric(6,2)', '{"serial_no": "serial_no", "phone": "phone::numeric"}', $call);
look('what no record can be blamed for', 0, 'serial_no text, phone text', $all, <<"END");
CREATE OR REPLACE FUNCTION busy() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
  IF NEW.data_id = 7 THEN PERFORM NEW.phone; RAISE object_in_use; END IF; RETURN NEW; END \$\$;
CREATE TRIGGER busy BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION busy();
$call
END
look('a constraint at COMMIT', 0, 'serial_no text, phone text', $all, <<"END");
CREATE TABLE late (phone text UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO late SELECT phone FROM source WHERE data_id = 7;
CREATE FUNCTION enter() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN INSERT INTO late VALUES (NEW.phone); RETURN NULL; END \$\$;
CREATE TRIGGER enter AFTER INSERT ON target FOR EACH ROW EXECUTE FUNCTION enter();
$call
END
done_testing();
