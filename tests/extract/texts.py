"""Sentences of our own, free of rights, from which the corpus is made: a few per language, put together at random."""
import random

SENTENCES = {
    "en": """Photosynthesis turns the energy of sunlight into chemical energy that plants can store.
The mitochondrion is a small organelle in which most of the cell's fuel is burned.
Efficient offices file their official findings first, and the staff finally affirms them.
In 1848 a wave of revolutions ran through the capitals of Europe and ended in disappointment.
A well-known rule of thumb says that reaction rates double for every 10 degrees of warming.
Supply and demand meet at a price that neither side can choose alone.
The committee (which met only twice) published a 45-page report on river pollution.
Light bends when it passes from air into water; the angle depends on both substances.
Every even number greater than 2 seems to be the sum of two primes, yet nobody has proved it.
She measured the resistance of the wire five times and took the mean of her readings.
Rivers carry sediment to the sea, where it settles in flat layers over thousands of years.
The treaty divided the territory, but it left the question of navigation unanswered.""",
    "de": """Die Photosynthese wandelt die Energie des Sonnenlichts in chemische Energie um.
Größere Übungsaufgaben müssen regelmäßig überprüft werden, damit die Schüler sicherer werden.
Im Jahr 1848 liefen Revolutionen durch die Hauptstädte Europas und endeten in Enttäuschung.
Wärmeleitfähigkeit heißt die Eigenschaft eines Stoffes, Wärme weiterzugeben.
Der Fluss trägt Ablagerungen zum Meer, wo sie sich über Jahrtausende schichten.
Straßenbahnen fuhren schon früh mit elektrischem Strom, häufig sogar außerhalb der Städte.
Angebot und Nachfrage treffen sich bei einem Preis, den keine Seite allein bestimmt.
Die Süßwasserfische der Voralpenseen brauchen kühles, sauerstoffreiches Wasser.
Zwölf Prüflinge lösten die fünfte Aufgabe vollständig, drei ließen sie unbeantwortet.""",
    "fr": """La photosynthèse transforme l'énergie de la lumière en énergie chimique.
L'élève naïf a reçu l'œuvre complète de l'auteur à Noël et s'en est réjoui.
En 1848, une vague de révolutions parcourut les capitales européennes.
Les forêts boréales s'étendent jusqu'à la côte et abritent de très nombreuses espèces.
Le résultat dépend de la température, de la pression et du degré d'humidité.
Où que l'on mesure, la différence reste inférieure à trois degrés.
Le théorème affirme que la somme des angles d'un triangle égale deux angles droits.
Les bactéries décomposent les déchets organiques et libèrent des éléments nutritifs.
Son hypothèse, d'abord rejetée, fut confirmée par une série d'expériences.""",
    "es": """La fotosíntesis convierte la energía de la luz en energía química.
El año pasado los niños pequeños midieron la temperatura del agua cada mañana.
¿Por qué se oxida el hierro? Porque reacciona con el oxígeno del aire húmedo.
En 1848 una ola de revoluciones recorrió las capitales de Europa.
Los ríos llevan sedimentos al mar, donde se depositan en capas durante milenios.
La función es continua, pero no es derivable en el origen.
El murciélago se orienta mediante ultrasonidos y caza insectos por la noche.
Según la investigación, la población creció más rápido después de la sequía.
El común denominador de ambas fracciones es doce.""",
    "pt": """A fotossíntese transforma a energia da luz em energia química.
A população das cidades cresceu depressa após a construção da ferrovia.
As estações do ano dependem da inclinação do eixo da Terra.
Não é possível medir ao mesmo tempo a posição e a velocidade com precisão total.
Os órgãos digestivos absorvem açúcares, proteínas e sais minerais.
Em 1848 uma onda de revoluções atravessou as capitais da Europa.
A água evapora à superfície e cai de novo como chuva sobre as montanhas.
O pão, o feijão e o café eram os produtos mais comuns nas feiras.
A questão da navegação ficou sem resposta no tratado.""",
    "ru": """Фотосинтез превращает энергию солнечного света в химическую энергию.
В 1848 году волна революций прошла по столицам Европы и закончилась разочарованием.
Реки несут осадок в море, где он тысячелетиями ложится ровными слоями.
Скорость реакции зависит от температуры, давления и концентрации веществ.
Каждое чётное число больше двух, по-видимому, есть сумма двух простых чисел.
Ученица пять раз измерила сопротивление проволоки и взяла среднее значение.
Договор разделил территорию, но вопрос о судоходстве остался без ответа.
Бактерии разлагают органические остатки и возвращают в почву питательные вещества.
Звук распространяется в воде быстрее, чем в воздухе.""",
    "el": """Η φωτοσύνθεση μετατρέπει την ενέργεια του φωτός σε χημική ενέργεια.
Το 1848 ένα κύμα επαναστάσεων πέρασε από τις πρωτεύουσες της Ευρώπης.
Οι ποταμοί μεταφέρουν ιζήματα στη θάλασσα, όπου σχηματίζουν στρώματα.
Η ταχύτητα της αντίδρασης εξαρτάται από τη θερμοκρασία και την πίεση.
Κάθε άρτιος αριθμός φαίνεται να είναι άθροισμα δύο πρώτων αριθμών.
Τα βακτήρια διασπούν την οργανική ύλη και εμπλουτίζουν το έδαφος.
Ο ήχος διαδίδεται ταχύτερα στο νερό παρά στον αέρα.
Η συνθήκη μοίρασε την περιοχή, αλλά άφησε ανοιχτό το ζήτημα της ναυσιπλοΐας.""",
    "ar": """يحول التمثيل الضوئي طاقة الشمس إلى طاقة كيميائية تخزنها النباتات.
الخلية هي الوحدة الأساسية للحياة، ولا تعيش الكائنات الحية من دونها.
تحمل الأنهار الرواسب إلى البحر حيث تتراكم في طبقات خلال آلاف السنين.
في عام 1848 مرت موجة من الثورات بعواصم أوروبا وانتهت بخيبة الأمل.
تعتمد سرعة التفاعلات على درجة الحرارة والضغط وكمية الأكسجين.
قاست الطالبة مقاومة السلك خمس مرات ثم حسبت متوسط القراءات.
قسمت المعاهدة الإقليم لكنها تركت مسألة الملاحة بلا جواب.
تحلل البكتيريا المواد العضوية وتعيد العناصر الغذائية إلى التربة.
ينتقل الصوت في الماء أسرع مما ينتقل في الهواء.""",
    "he": """הפוטוסינתזה הופכת את אנרגיית האור לאנרגיה כימית שהצמחים אוגרים.
התא הוא יחידת היסוד של החיים, ובלעדיו אין יצורים חיים.
הנהרות נושאים סחף אל הים, ושם הוא שוקע בשכבות במשך אלפי שנים.
בשנת 1848 עבר גל של מהפכות בבירות אירופה והסתיים באכזבה.
מהירות התגובה תלויה בטמפרטורה, בלחץ ובריכוז החומרים.
התלמידה מדדה את התנגדות התיל חמש פעמים וחישבה את הממוצע.
האמנה חילקה את השטח, אך השאירה את שאלת השיט ללא מענה.
חיידקים מפרקים חומר אורגני ומחזירים לקרקע חומרי הזנה.
הקול נע במים מהר יותר מאשר באוויר.""",
    "zh": """光合作用把阳光的能量转化为植物能够储存的化学能。
细胞是生命的基本单位，所有生物都由细胞组成。
河流把泥沙带入大海，泥沙在几千年里沉积成层。
一八四八年，革命的浪潮席卷了欧洲各国的首都。
反应的速度取决于温度、压力和物质的浓度。
学生把导线的电阻测量了五次，然后取平均值。
条约划分了领土，但航行的问题没有得到回答。
细菌分解有机物，使养分重新回到土壤之中。
声音在水中比在空气中传播得更快。""",
    "ja": """光合成は太陽の光のエネルギーを化学エネルギーに変える。
細胞は生命の基本単位であり、すべての生物は細胞からできている。
川は土砂を海へ運び、土砂は何千年もかけて層になる。
反応の速さは温度、圧力、そして物質の濃度によって決まる。
生徒は針金の抵抗を五回測り、その平均を求めた。
条約は領土を分けたが、航行の問題には答えなかった。
バクテリアは有機物を分解し、養分を土に戻す。
音は空気中よりも水中のほうが速く伝わる。
カタカナの用語はテキストの抽出で間違いやすい。""",
    "ko": """광합성은 햇빛의 에너지를 식물이 저장하는 화학 에너지로 바꾼다.
세포는 생명의 기본 단위이며 모든 생물은 세포로 이루어져 있다.
강은 모래와 진흙을 바다로 나르고 그것은 오랜 세월 층으로 쌓인다.
반응의 속도는 온도와 압력과 물질의 농도에 달려 있다.
학생은 전선의 저항을 다섯 번 재고 평균을 구했다.
세균은 유기물을 분해하여 양분을 흙으로 돌려보낸다.
소리는 공기보다 물속에서 더 빨리 전해진다.""",
}
SENTENCES = {language: [line.strip() for line in text.splitlines()] for language, text in SENTENCES.items()}
RIGHT_TO_LEFT = {"ar", "he"}
UNSPACED = {"zh", "ja"}


class Story:
    """A text of `sections` sections in `language`: what stands in it is the same for the same `seed`."""

    def __init__(self, language, seed, sections=4, paragraphs=3, lists=True, table=True):
        self.language, self.random = language, random.Random(f"{language}{seed}")
        self.glue = "" if language in UNSPACED else " "
        self.title = self.heading()
        self.sections = []
        for number in range(sections):
            section = {
                "heading": f"{number + 1} {self.heading()}",
                "paragraphs": [self.paragraph() for _ in range(paragraphs)],
                "items": [self.sentence() for _ in range(3)] if lists and number % 2 == 0 else [],
                "rows": self.rows() if table and number % 2 == 1 else [],
            }
            self.sections.append(section)

    def sentence(self):
        return self.random.choice(SENTENCES[self.language])

    def paragraph(self, least=3, most=7):
        return self.glue.join(self.sentence() for _ in range(self.random.randint(least, most)))

    def heading(self):
        sentence = self.sentence().rstrip(".。?!").split("،")[0]
        if self.language in UNSPACED:
            return sentence[: self.random.randint(5, 9)].rstrip("，、")
        return " ".join(sentence.split(" ")[: self.random.randint(2, 5)]).rstrip(",;(:")

    def rows(self):
        words = [word for sentence in SENTENCES[self.language] for word in sentence.strip(".。").split(" ")]
        if self.language in UNSPACED:
            words = [sentence[:4] for sentence in SENTENCES[self.language]]
        cell = lambda: self.random.choice(words).strip(",;:()¿?.،")
        return [[cell(), str(self.random.randint(100, 9999)), cell()] for _ in range(self.random.randint(3, 6))]

    def parts(self):
        """The text in reading order as (kind, value): title, heading, p, item, row."""
        yield "title", self.title
        for section in self.sections:
            yield "heading", section["heading"]
            for paragraph in section["paragraphs"]:
                yield "p", paragraph
            for item in section["items"]:
                yield "item", item
            for row in section["rows"]:
                yield "row", row

    def text(self):
        """All of it, one part a line."""
        return "\n\n".join(" ".join(value) if kind == "row" else value for kind, value in self.parts())


def exam(language, seed, count=12):
    """(question, four options) pairs."""
    pick = random.Random(f"exam{language}{seed}")
    sentences = SENTENCES[language]
    return [
        (f"{number}. {pick.choice(sentences)}", [f"{letter}) {pick.choice(sentences)}" for letter in "ABCD"])
        for number in range(1, count + 1)
    ]
