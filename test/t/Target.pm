# What the TAP tests of writing share: targets of the simulator, and the judge, which
# reads what a target wrote down before it answered and nothing that we say.
package Target;

use strict;
use warnings;

use Exporter 'import';
use Xbb;

our @EXPORT = qw(target_create target_url target_sql target_journal target_judge target_unheard);

# A target, empty, with a port of its own; options are those of create-target.
sub target_create
{
	my ($name, %options) = @_;

	sim($name, 'create-target', %options);
	return target_url($name);
}

sub target_url
{
	my ($name) = @_;

	return 'http://127.0.0.1:' . sim($name, 'port');
}

# How the target's /api/execute is written to: a server and, of the same name, a foreign
# table with the columns given and what option repeat needs; token=1: by tokens that the
# target issues.
my %repeats = (
	key => { headers => '{"Idempotency-Key": "{{id}}"}' },
	refuse => { duplicate => '$.status == "duplicate"' },
	probe => { probe => '{"api": "/api/query", "envelope": {"id": "$record.id"}, "found": "$.data.size() > 0", "id": "$.data[0].docId"}' },
);

sub target_sql
{
	my ($name, $target, $columns, %options) = @_;
	my %server = (base_url => target_url($target), rate_limit => '0', request_timeout => '3s',
		%{ delete $options{server} // {} });
	my $mapping = '';
	if (delete $options{token})
	{
		@server{qw(auth token_api)} = ('bearer', '{"api": "/oauth2/token", "body": {"grant_type": "client_credentials",'
			  . ' "client_id": "{{app_id}}", "client_secret": "{{app_secret}}"}, "token": "$.access_token",'
			  . ' "expires_in": "$.expires_in"}');
		$mapping = q{ OPTIONS (app_id 'push', app_secret 's3cret')};
	}
	my %table = (api => '/api/execute', batch_size => '20', ok => '$.code == 0', records => '$.data[*]', record_key => 'id',
		record_ok => '$.success == true', record_id => '$.docId', record_message => '$.message', message => '$.message',
		throttled => '$.code == 429', token_expired => '$.code == 401', retry => '$.code == 503', repeat => 'never',
		%{ $repeats{ $options{repeat} // 'never' } // {} }, %options);
	my $list = sub { my ($o) = @_; join(', ', map { "$_ '$o->{$_}'" } sort keys %$o) };

	return "CREATE SERVER $name FOREIGN DATA WRAPPER xbb_target OPTIONS (" . $list->(\%server) . ");\n"
	  . "CREATE USER MAPPING FOR PUBLIC SERVER $name$mapping;\n"
	  . "CREATE FOREIGN TABLE $name ($columns) SERVER $name OPTIONS (" . $list->(\%table) . ");\n";
}

# The journal, a hash a line.
sub target_journal
{
	my ($name) = @_;

	return map {
		my %line;
		@line{qw(time request path repeat_key body key version record executed told result)} = split(/\t/);
		\%line;
	} split(/\n/, sim($name, 'journal'));
}

# What is executed changes the target; all other words are of what is not.
my %executes = map { $_ => 1 } qw(new again update stale double);

# Judges what a target did, by its journal: %$wanted is key => version, of all records
# that it should hold.  Returns, sorted, the keys that are
#   twice     there twice, or executed twice where once=1 (a version is one execution)
#   back      left at an older version after a newer one
#   lost      not there, or in another version
#   strange   there, and not wanted
#   changed   requests that came again with other bytes under their key
# and counts "executed".
sub target_judge
{
	my ($name, $wanted, %options) = @_;
	my (%version, %times, %body, %bad, $executed);

	for my $line (target_journal($name))
	{
		my ($key, $version, $repeat) = @{$line}{qw(key version repeat_key)};

		$bad{changed}{$repeat} = 1 if $repeat ne '-' && ($body{$repeat} //= $line->{body}) ne $line->{body};
		next unless $executes{ $line->{executed} };
		$executed++;
		$bad{twice}{$key} = 1 if $line->{executed} eq 'double' || $options{once} && $times{"$key $version"}++;
		$bad{back}{$key} = 1 if $line->{executed} eq 'stale';
		delete $bad{back}{$key} if $line->{executed} eq 'update';
		$version{$key} = $version;
	}
	for my $key (keys %$wanted)
	{
		$bad{lost}{$key} = 1 if !defined $version{$key} || $version{$key} ne $wanted->{$key};
	}
	$bad{strange} = { map { $_ => 1 } grep { !defined $wanted->{$_} } keys %version };
	return (executed => $executed // 0, map { $_ => [ sort keys %{ $bad{$_} // {} } ] } qw(twice back lost strange changed));
}

# Keys whose last request was not answered, or not in time, or without a word about them,
# executed or not, or with one of the words given, which say nothing for sure; not those that
# were told to come again.
sub target_unheard
{
	my ($name, @words) = @_;
	my %nothing = map { $_ => 1 } '-', 'late', @words;
	my %last = map { $_->{key} => $_ } target_journal($name);

	return sort grep { $_ ne '-' && $nothing{ $last{$_}{told} } } keys %last;
}

1;
