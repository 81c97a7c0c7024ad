# Four syncs, of two companies with two forms each, write into one table, and their 1,000
# records have the same dataIds and numbers: in any order of changes, deletions, new numbers
# (fresh, swapped, in circles) and runs each row is its owner's, and what only a row of the target has stays with
# its record.  Two definitions at once that would write the same rows: one is refused.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use List::Util qw(shuffle);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $seed = $ENV{XBB_SEED} // time;
srand($seed);
note("seed $seed");

my $node = start_node('sync_shared');
my $clock = 1770000000;
my $records = 1000;
my @syncs;

for my $company ('east', 'west')
{
	my $corpid = "dingShared$company-$$";

	sim($corpid, 'create', token => 't0ken', products => 0, freeze => 'on');
	$node->safe_psql('postgres', qq{
		CREATE SERVER $company FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
			rate_limit '0', settle_time '1s');
		CREATE USER MAPPING FOR PUBLIC SERVER $company OPTIONS (token 't0ken')});
	for my $form (1, 2)
	{
		my @list = (object => 'customer', form_id => $form);

		sim($corpid, 'create', @list, records => $records, first_id => 1, width => 3, step => 60);
		sim($corpid, 'touch', @list, id => 'all', at => $clock, qq({"text_1": "$company $form"}));
		push @syncs, { name => "$company $form", company => $company, form => $form, corpid => $corpid, list => \@list };
	}
}

$node->safe_psql('postgres', q{
	CREATE TABLE party (company text, form bigint, serial_no text, data_id bigint, update_time timestamptz,
		content text, note text, PRIMARY KEY (company, form, serial_no), UNIQUE (company, form, data_id))});
for my $sync (@syncs)
{
	my $source = "$sync->{company}_$sync->{form}";

	$node->safe_psql('postgres', qq{
		CREATE FOREIGN TABLE $source (data_id bigint, serial_no text, update_time timestamptz, content text OPTIONS (attr 'text_1'))
			SERVER $sync->{company} OPTIONS (object 'customer', form_id '$sync->{form}');
		SELECT xbb.create_sync('$sync->{name}', '$source', 'party', key => '{serial_no}', delete_mode => 'delete', delete_limit => 1000,
			overlap => '1 minute', scope => '{"company": "$sync->{company}", "form": $sync->{form}}')});
	$sync->{next} = $records + 1;
	for my $line (split /\n/, sim($sync->{corpid}, 'dump', @{ $sync->{list} }, form => 'csv', cols => 'dataId,serialNo'))
	{
		my ($id, $number) = split /,/, $line;

		$sync->{crm}{$id} = { number => $number =~ s/"//gr, content => $sync->{name} };
	}
}

# What is in the CRM goes into the copy; of what is deleted there the row stays, unless its
# number is another record's now.
sub loaded
{
	my ($sync) = @_;
	my %taken = map { $_->{number} => 1 } values %{ $sync->{crm} };

	for my $id (keys %{ $sync->{copy} })
	{
		delete $sync->{copy}{$id} if !$sync->{crm}{$id} && $taken{ $sync->{copy}{$id}{number} };
	}
	$sync->{copy}{$_} = { %{ $sync->{copy}{$_} // {} }, %{ $sync->{crm}{$_} } } for keys %{ $sync->{crm} };
	return;
}

sub touched
{
	my ($sync, $id, $data) = @_;

	sim($sync->{corpid}, 'touch', @{ $sync->{list} }, id => $id, at => $clock, $data);
	return;
}

sub some_ids
{
	my ($sync, $n) = @_;

	return (shuffle(sort { $a <=> $b } keys %{ $sync->{crm} }))[0 .. $n - 1];
}

my $serial = 0;
my %action = (
	change => sub {
		my ($sync) = @_;

		for my $id (some_ids($sync, 1 + int(rand 5)))
		{
			$sync->{crm}{$id}{content} = "$sync->{name} $clock";
			touched($sync, $id, qq({"text_1": "$sync->{crm}{$id}{content}"}));
		}
	},
	add => sub {
		my ($sync) = @_;
		my $id = $sync->{next}++;

		$sync->{crm}{$id} = { number => "added $id", content => $sync->{name} };
		sim($sync->{corpid}, 'put', @{ $sync->{list} },
			qq({"dataId": $id, "formId": $sync->{form}, "addTime": $clock, "updateTime": $clock, "data": {"serialNo": "added $id", "text_1": "$sync->{name}"}}));
	},
	delete => sub {
		my ($sync) = @_;
		my @ids = some_ids($sync, 1 + int(rand 3));

		sim($sync->{corpid}, 'drop', @{ $sync->{list} }, id => join(',', @ids));
		delete @{ $sync->{crm} }{@ids};
	},
	# some records give their numbers on, in a circle or behind a fresh one
	renumber => sub {
		my ($sync) = @_;
		my @ids = some_ids($sync, 1 + int(rand 4));
		my @numbers = map { $sync->{crm}{$_}{number} } @ids;

		push @numbers, shift @numbers;
		$numbers[-1] = 'fresh ' . ++$serial if @ids == 1 || rand() < 0.5;
		for my $i (0 .. $#ids)
		{
			$sync->{crm}{ $ids[$i] }{number} = $numbers[$i];
			touched($sync, $ids[$i], qq({"serialNo": "$numbers[$i]"}));
		}
	},
	sync => sub {
		my ($sync) = @_;

		$node->safe_psql('postgres', "CALL xbb.sync('$sync->{name}')");
		loaded($sync);
	},
	full => sub {
		my ($sync) = @_;

		$node->safe_psql('postgres', "CALL xbb.sync('$sync->{name}', full => true)");
		loaded($sync);
	},
	reconcile => sub {
		my ($sync) = @_;

		$node->safe_psql('postgres', "CALL xbb.sync('$sync->{name}'); ");
		$node->safe_psql('postgres', "CALL xbb.reconcile('$sync->{name}', full => true)");
		loaded($sync);
		delete @{ $sync->{copy} }{ grep { !$sync->{crm}{$_} } keys %{ $sync->{copy} } };
	});

# The first line that differs, of all rows.
sub difference
{
	my @expected;

	for my $sync (@syncs)
	{
		push @expected, map { join('|', $sync->{company}, $sync->{form}, $_, @{ $sync->{copy}{$_} }{qw(number content)}, $sync->{copy}{$_}{note} // '') }
		  sort { $a <=> $b } keys %{ $sync->{copy} };
	}
	my @rows = split /\n/, $node->safe_psql('postgres',
		'SELECT company, form, data_id, serial_no, content, note FROM party ORDER BY company, form, data_id');
	for my $i (0 .. ($#rows > $#expected ? $#rows : $#expected))
	{
		my ($row, $expected) = ($rows[$i] // 'nothing', $expected[$i] // 'nothing');

		return "$row instead of $expected" if $row ne $expected;
	}
	return '';
}

$action{sync}->($_) for @syncs;
is(difference(), '', 'four first loads');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT data_id), count(DISTINCT serial_no) FROM party'),
	4 * $records . "|$records|$records", 'with the same dataIds and numbers');
$node->safe_psql('postgres', q{UPDATE party SET note = format('%s %s %s', company, form, data_id)});
for my $sync (@syncs)
{
	$sync->{copy}{$_}{note} = "$sync->{name} $_" for keys %{ $sync->{copy} };
}

my $orders = long_run(200, 2000);
my $wrong = '';
for my $order (1 .. $orders)
{
	my @done;

	for my $what (shuffle('change', 'delete', 'renumber', 'sync', rand() < 0.5 ? 'full' : 'reconcile', rand() < 0.3 ? 'add' : 'sync'))
	{
		my $sync = $syncs[ rand @syncs ];

		$clock += 2;
		sim($_, 'clock', set => $clock) for map { $_->{corpid} } @syncs[0, 2];
		$action{$what}->($sync);
		push @done, "$what $sync->{name}";
	}
	$wrong = difference();
	$wrong &&= "order $order (" . join(', ', @done) . "): $wrong";
	last if $wrong;
}
is($wrong, '', "$orders orders: each row is its owner's");
$action{reconcile}->($_) for @syncs;
is(difference(), '', 'and in the end all is as in the CRM');
is($node->safe_psql('postgres', 'SELECT count(*) FROM xbb.sync_reject'), '0', 'nothing is set aside');

# two definitions at once
my $one = Xbb::Session->new($node);
my $two = Xbb::Session->new($node);
my $three = Xbb::Session->new($node);
my $create = q{SELECT xbb.create_sync('%s', 'east_1', 'party', key => '{serial_no}', scope => '{"company": "north", "form": %d}')};

$three->run('BEGIN ISOLATION LEVEL REPEATABLE READ');
$three->run('SELECT count(*) FROM party');
$one->run('BEGIN');
is($one->run(sprintf $create, 'north one', 1)->{error}, '', 'one definition, not committed yet');
$two->send(sprintf $create, 'north two', 1);
ok(wait_until(sub {
	$node->safe_psql('postgres', "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'party'::regclass") eq '1' }), 'another one waits');
$one->run('COMMIT');
like($two->result->{error}, qr/55006: another sync writes the same rows of public.party/, 'and is refused');
like($three->run(sprintf $create, 'north three', 1)->{error}, qr/55006: another sync writes the same rows/, 'and so in a snapshot from before');
is($two->run(sprintf $create, 'north two', 2)->{error}, '', 'what does not overlap is not');

$node->stop;
sim($_, 'remove') for map { $_->{corpid} } @syncs[0, 2];
done_testing();
