# A day beside another platform that keeps the same copy and sends it to the same target: our push is a
# shadow and sends nothing, and at every hour xbb.compare lists exactly what that platform
# has been made to do wrong, and nothing that only one of the two has not seen yet.  Then sending
# changes hands: what the other has sent is not sent again.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Target;
use Xbb;

my $seed = $ENV{XBB_SEED} // 44;
srand($seed);
note("seed $seed");

my $corpid = "dingShadow-$$";
my $target = "targetShadow-$$";
my $node = start_node('shadow_day');
my $first = 51200001;
my $products = 300;

sim($corpid, 'create', token => 't0ken', products => $products, freeze => 'on');
target_create($target);
$node->safe_psql('postgres', qq{
	CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}', rate_limit '0', settle_time '0');
	CREATE USER MAPPING FOR CURRENT_ROLE SERVER crm OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'))
		SERVER crm OPTIONS (object 'product');
	SELECT xbb.create_sync('product', source => 'source', target => 'product', overlap => '1 hour', delete_mode => 'delete');
	CREATE TABLE theirs (id text, title text, price text, modified timestamptz);
	CREATE TABLE planted (id bigint, kind text);
	-- the other platform: what has changed since it ran last, an hour more; each version takes the place of the last one
	CREATE TABLE their_last (at timestamptz);
	INSERT INTO their_last VALUES ('-infinity');
	CREATE FUNCTION their_run(now timestamptz) RETURNS bigint LANGUAGE plpgsql AS \$\$
	DECLARE
		sent bigint;
	BEGIN
		CREATE TEMP TABLE came ON COMMIT DROP AS SELECT * FROM source WHERE update_time >= (SELECT at - interval '1 hour' FROM their_last)
			AND data_id NOT IN (SELECT id FROM planted WHERE kind IN ('kept first', 'missed'));
		DELETE FROM theirs WHERE id IN (SELECT data_id::text FROM came);
		INSERT INTO theirs SELECT data_id, CASE WHEN kind = 'emptied' THEN '' ELSE name END,
			CASE WHEN kind = 'cut' THEN trunc(price)::text ELSE (price + 0.000000)::text END, update_time
		FROM came LEFT JOIN planted ON id = data_id CROSS JOIN generate_series(1, CASE WHEN kind = 'doubled' THEN 2 ELSE 1 END);
		UPDATE their_last SET at = now;
		SELECT count(*) INTO sent FROM xbb.send('theirs_sent', 'SELECT data_id::text AS id, name, price FROM came') WHERE status = 'ok';
		RETURN sent;
	END \$\$;
} . target_sql('ours_sent', $target, 'id text, name text, price numeric', repeat => 'upsert')
  . target_sql('theirs_sent', $target, 'id text, name text, price numeric', repeat => 'upsert'));
my $shadow = q{SELECT xbb.create_push('shadow', source => 'SELECT data_id::text AS id, name, price FROM product', target => 'ours_sent',
	key => '{id}', copy_data => false, enabled => };

my $db = Xbb::Session->new($node);
my $sent = 0;

sub their_run
{
	$sent += $db->value('SELECT their_run(to_timestamp(' . sim($corpid, 'clock') . '))');
	return;
}

sub our_run
{
	my ($call) = @_;
	my $run = $db->run($call // q{CALL xbb.sync('product')});

	die $run->{error} if $run->{sqlstate} ne '00000';
	return;
}

my $version = 1000;

sub touch
{
	my ($id) = @_;

	$version++;
	sim($corpid, 'touch', id => $id, qq({"num_1": $version.25, "text_1": "item $version"}));
	return;
}

# What differs, as the caller of compare sees it: of each record what it is told of.
sub differences
{
	my ($until) = @_;

	return $db->value(qq{
		SELECT coalesce(string_agg(DISTINCT row_key[1] || ' ' || coalesce(column_name, kind), ', '), 'nothing') FROM xbb.compare('product', 'theirs', '{data_id}',
			'{"data_id": "id", "name": "title", "price": "price"}', ours_at => 'update_time', theirs_at => 'modified', until => $until)});
}

# What was planted, and the one of the two that it is about has run since.
my %planted;

sub expected
{
	my @told = map {
		my ($id, $kind) = ($_, $planted{$_});
		$kind eq 'kept first' ? ("$id name", "$id price") : $kind eq 'missed' ? "$id only_ours" : $kind =~ /^(?:left|doubled)$/ ? "$id only_theirs" :
		  $kind eq 'emptied' ? "$id name" : "$id price"
	} keys %planted;

	return @told ? join(', ', sort @told) : 'nothing';
}

sub plant
{
	my ($id, $kind) = @_;

	$planted{$id} = $kind;
	$db->run("INSERT INTO planted VALUES ($id, '$kind')");
	$kind eq 'left' ? sim($corpid, 'drop', id => $id) : $kind eq 'missed' ? sim($corpid, 'add') : touch($id);
	return;
}

our_run();
their_run();
is(differences('NULL'), 'nothing', 'both have the same');
$db->run("$shadow false)");

# hour => what goes wrong in it, of ids that nothing else touches
my %plan = (3 => [ $first, 'kept first' ], 6 => [ $first + 1, 'left' ], 9 => [ $first + $products, 'missed' ],
	12 => [ $first + 2, 'emptied' ], 15 => [ $first + 3, 'doubled' ], 18 => [ $first + 4, 'cut' ]);
my %touched;
my $settled = q{(SELECT least(s.complete_until, l.at) FROM xbb.sync_status s, their_last l WHERE s.name = 'product')};
my ($right, $young) = (0, 0);

# others, and twice one that no plan is about
sub touch_some
{
	for my $id (map { $first + 10 + int(rand($products - 10)) } 1 .. 5)
	{
		touch($id);
		$touched{$id} = 1;
	}
	sim($corpid, 'clock', advance => 300);
	return;
}

for my $hour (0 .. 23)
{
	# seen by both; what goes wrong does so in their run
	touch_some();
	plant(@{ $plan{$hour} }) if $plan{$hour};
	sim($corpid, 'clock', advance => 300);
	our_run();
	# a deletion is found by comparing all
	our_run(q{CALL xbb.reconcile('product')}) if $plan{$hour} && $plan{$hour}[1] eq 'left';
	# seen by them alone
	touch_some();
	their_run();
	sim($corpid, 'clock', advance => 300);
	$young++ if differences('NULL') ne expected();
	$right += differences($settled) eq expected();
	# seen by us alone
	touch_some();
	our_run();
	sim($corpid, 'clock', advance => 300);
	$young++ if differences('NULL') ne expected();
	$right += differences($settled) eq expected();
	sim($corpid, 'clock', advance => 1800);
}
is($right, 48, 'at each hour exactly what was planted is listed, before our run and behind it');
is($young, 48, '... where without until what one has not seen yet would be, too');
is(scalar(keys %planted), 6, 'six things went wrong');
is(differences($settled), expected(), '... and are listed at the end: ' . expected());
like($db->value(qq{SELECT string_agg(format('%s %s/%s', column_name, our_value, their_value), ', ' ORDER BY column_name) FROM xbb.compare('product', 'theirs', '{data_id}',
	'{"data_id": "id", "name": "title", "price": "price"}', until => NULL) WHERE row_key = '{@{[$first + 4]}}'}), qr{^price (\d+)\.25/\1$}, 'with both values');

# the shadow
is(scalar(target_journal($target)), $sent, 'the target has what the other sent, and nothing of ours');
$node->psql('postgres', q{CALL xbb.push('shadow', dry_run => true)}, stderr => \my $try);
my $changed = keys(%touched) + 5;    # and what was planted, but what is gone
like($try, qr/dry run: $changed new, $changed to be sent/, "a dry run says what would have been sent: $changed");
$db->run(q{CALL xbb.push('shadow')});
is(scalar(target_journal($target)), $sent, '... and sends nothing');

# sending changes hands: we stand still, they run once more and stop
$db->run(q{SELECT xbb.alter_sync('product', enabled => false)});
their_run();
is($db->value(qq{SELECT count(*) FROM xbb.compare('product', 'theirs', '{data_id}', '{"data_id": "id", "name": "title", "price": "price"}',
	ours_at => 'update_time', theirs_at => 'modified') WHERE our_time > their_time AND row_key[1] NOT IN (SELECT id::text FROM planted)}), 0, 'nothing is here that they have not');
$db->run(q{SELECT xbb.drop_push('shadow')});
$db->run("$shadow true)");
$db->run(q{SELECT xbb.alter_sync('product', enabled => true)});
our_run();
my $before = target_journal($target);
$db->run(q{CALL xbb.push('shadow')});
is(scalar(target_journal($target)), $before, 'what they have sent is not sent again');
touch($first + 20);
sim($corpid, 'clock', advance => 60);
our_run();
$db->run(q{CALL xbb.push('shadow')});
is(scalar(target_journal($target)), $before + 1, 'one change is one request');
is((target_journal($target))[-1]{key}, $first + 20, '... of that record');

sim($corpid, 'remove');
sim($target, 'remove');
done_testing();
