//! Words that `scrub` keeps, and names that it uses as replacements: our own lists.

/// Common words of English and of logs, in lower case.
pub(crate) const PUBLIC: &str = "
a about above accept accepted access account action active activity add added address admin after agent again alert all
allow allowed already also am an and another any api app application apr april are argument as at attempt attempts audit
aug august auth authenticated authentication authorization authorized auto back bad be because been before begin below
between blocked both bound buffer but by byte bytes cache call can cannot change changed channel check checked class clean
clear client close closed code com command complete completed config configuration connect connected connection
connections content context could count cpu create created critical current daemon data database date day days dec
december debug default delete deleted denied deny destination device did directory disabled disconnect disconnected disk
do does domain done down drop dropped dst due during each edu email enable enabled end ended entry err error errors event
events exception executed exit expired external fail failed failing failure false fatal feb february file files filter
find finished first flag for found fri friday from full get got group had handle has have header health hello help high
host hostname hour hours how htm html http https id if illegal image in inbound index info information input install
installed interface internal into invalid ip is it item items its jan january job jul july jun june just kernel key keys
last level limit line link list listen listening load loaded local localhost location lock log logged login logoff logon
logout long low machine made mail main mar march master match matched max may mem memory message messages method min minute
minutes missing mode module mon monday more most mount name net network new next no node none normal not notice nov
november now null number object oct october of off offline ok old on one only open opened operation or org other out
outbound output over packet packets page parameter parent partial pass passed password path pending permission php pid
policy poll pool port ports post privilege process processed product program protocol proxy public put query queue quit
read ready reason receive received record refused register registered reject rejected release reload remote remove removed
rename report request requested requests required reset resource response restart result retry return returned root route
row rule run running sat saturday save saved second seconds security see send sender sent sep september server service
session set severity shell shutdown since size socket source src ssh sshd ssl start started starting state stats status
still stop stopped stopping string success successful successfully such sudo sun sunday system table target task tcp temp
test than that the their them then there they this thread three thu thursday time timed timeout timestamp tls to token
too total traffic transaction true try tty tue tuesday two type udp uid unable under unknown until up update updated upload
url usage use used user username users using utc value var verbose version via volume wait waiting warn warning was we web
wed wednesday week were what when where which while who why will window windows with without word work worker write written
www xml year yes you your zone";

/// First names, of many lengths.
pub(crate) const NAMES: &str = "
al bo ed jo ty ada amy ben eva ian ida kim leo liv mia ned tom uma abel alma anna bill cleo dave ella finn greg hans iris
jack kate lena mary nina otto paul rosa sara tony vera will aaron alice brian carol clara david elena felix grace henry
irene james karen laura maria nadia oscar peter ralph susan terry wanda albert amanda arthur bianca carlos daniel esther
george hannah ingrid joseph lorenz martha nathan olivia philip robert sandra thomas ursula victor abigail antonio barbara
bernard charles dorothy edward francis gabriel harriet ignazio jessica kathryn leonard matthew natalie patrick rebecca
sebastian alexander augustine benedict caroline catherine christina dominique elizabeth florentine frederick gabrielle
josephine katharina magdalena marguerite nathaniel penelope theodore valentina wilhelmina";
