#!/usr/bin/perl
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Does what many programs do: loads a dotenv file after it was started, and takes a secret out of its environment
# that its children are not to inherit. Then it waits to be asked about, for some time.
#
#   demonstration.pl DOTENV SECONDS
#
# In Perl, because that is on every Debian system.
use strict;
use warnings;

my ($path, $seconds) = @ARGV;

open(my $dotenv, '<', $path) or die "$path: $!\n";
while (<$dotenv>) {
    $ENV{$1} = $2 if /^(\w+)=(.*)$/;
}
close($dotenv);
delete $ENV{DEPLOY_TOKEN};

print "ready\n";
close(STDOUT);
sleep($seconds);
